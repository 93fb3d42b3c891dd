//! What spreadsheet programs do to a cell, undone where only one reading is possible, and named where the cell can't tell what it
//! was. Never a guess in silence: what was repaired carries a note, what can't be is an error with a way out.

use std::borrow::Cow;

use chrono::{Days, NaiveDate};
use lineside_model::account::Account;
use lineside_model::extension::DialPlan;
use lineside_model::phone_number::E164;

use crate::column::{Column, Holds};
use crate::table::{Cell, CellKind};

/// A cell as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired<'a> {
    pub text: Cow<'a, str>,
    /// What was done to it, for a person to check.
    pub note: Option<String>,
}

/// What the account says that helps reading.
#[derive(Debug, Clone, Copy)]
pub struct Habits<'a> {
    pub dial_plan: &'a DialPlan,
    /// Postal codes are of the account's country unless a row says another.
    pub country: &'a str,
}

impl<'a> Habits<'a> {
    pub fn of(account: &'a Account) -> Self {
        Self { dial_plan: &account.settings.dial_plan, country: account.settings.country.as_str() }
    }
}

const AS_TEXT: &str = "format the cell as text and type it anew";

/// The cell's text as the column needs it, or what is wrong with the cell.
pub fn repair<'a>(column: &Column, cell: Cell<'a>, habits: Habits<'_>) -> Result<Repaired<'a>, String> {
    let text = cell.text.trim();
    match cell.kind {
        CellKind::Error => return Err(format!("the cell shows {text}: repair its formula, or write the value")),
        CellKind::Formula => {
            return Err(
                "the formula in this cell was never calculated: open the file, save it, and send it again".into()
            );
        }
        CellKind::Merged => {
            return Err("this cell lies beneath a merged one: unmerge it, so that every row has its own value".into());
        }
        CellKind::TooLong => return Err("this cell is far too long; shorten it".into()),
        CellKind::Date if column.holds() != Holds::Date => {
            return Err(format!("the spreadsheet took this for a date ({text}): {AS_TEXT}"));
        }
        _ => {}
    }
    let by_hand = cell.kind != CellKind::Number;
    match column.holds() {
        Holds::Number => number(text),
        Holds::Extension => extension(text, habits.dial_plan),
        Holds::PostalCode => Ok(postal_code(text, habits.country)),
        Holds::Mac => mac(text),
        Holds::Date => date(text, cell.kind),
        Holds::Switch => switch(text),
        Holds::Code if scientific(text).is_some() => Err(lost_digits(text)),
        Holds::Code if by_hand && turned_into_a_date(text) => {
            Err(format!("a spreadsheet seems to have taken this for a date ({text}): {AS_TEXT}"))
        }
        Holds::Code | Holds::Text => Ok(as_it_is(text)),
    }
}

fn as_it_is(text: &str) -> Repaired<'_> {
    Repaired { text: Cow::Borrowed(text), note: None }
}

fn repaired<'a>(text: String, from: &str, why: &str) -> Repaired<'a> {
    let note = Some(format!("{from} read as {text}: {why}"));
    Repaired { text: Cow::Owned(text), note }
}

fn lost_digits(text: &str) -> String {
    format!("the spreadsheet kept only the first digits of this number ({text}): {AS_TEXT}")
}

/// `4.67E+10`, also with a comma: its digits and the power of ten.
fn scientific(text: &str) -> Option<(String, usize)> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let exponent: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (whole.len() == 1 && digits(whole) && digits(fraction)).then(|| (format!("{whole}{fraction}"), exponent))
}

fn number(text: &str) -> Result<Repaired<'_>, String> {
    if let Some((digits, exponent)) = scientific(text) {
        // All digits are there when there are as many as the power of ten says.
        if digits.len() != exponent + 1 {
            return Err(lost_digits(text));
        }
        return Ok(repaired(format!("+{digits}"), text, "the spreadsheet wrote the number with an exponent"));
    }
    if let Some(digits) = text.strip_suffix(".0").filter(|digits| digits.len() >= 7) {
        return number(digits).map(|read| repaired(read.text.into_owned(), text, "the decimals are a spreadsheet's"));
    }
    if E164::parse(text).is_ok() {
        return Ok(as_it_is(text));
    }
    if let Some(rest) = text.strip_prefix("00") {
        let international = format!("+{rest}");
        if E164::parse(&international).is_ok() {
            return Ok(repaired(international, text, "00 stands for +"));
        }
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let with_plus = format!("+{text}");
    if digits && text.len() >= 9 && !text.starts_with('0') && E164::parse(&with_plus).is_ok() {
        return Ok(repaired(with_plus, text, "spreadsheets drop the +"));
    }
    Ok(as_it_is(text))
}

fn extension<'a>(text: &'a str, plan: &DialPlan) -> Result<Repaired<'a>, String> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    if scientific(text).is_some() {
        return Err(lost_digits(text));
    }
    if turned_into_a_date(text) {
        return Err(format!("a spreadsheet seems to have taken this for a date ({text}): {AS_TEXT}"));
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let width = usize::from(plan.extension_min);
    // Where every extension has the same length, a shorter one can only have lost its zeros.
    if digits && plan.extension_min == plan.extension_max && text.len() < width {
        return Ok(repaired(format!("{text:0>width$}"), text, "spreadsheets drop leading zeros"));
    }
    Ok(as_it_is(text))
}

fn postal_code<'a>(text: &'a str, country: &str) -> Repaired<'a> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // ZIP codes of the Northeast begin with 0, of Puerto Rico with 00.
    if country == "US" && digits && (3..5).contains(&text.len()) {
        return repaired(format!("{text:0>5}"), text, "spreadsheets drop leading zeros");
    }
    as_it_is(text)
}

fn mac(text: &str) -> Result<Repaired<'_>, String> {
    // 1E2345678901 is a MAC; 1.23E+12 was one.
    if text.contains(['.', ',']) && scientific(text).is_some() || text.contains("E+") {
        return Err(lost_digits(text));
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (9..12).contains(&text.len()) {
        let full = format!("{text:0>12}");
        return Err(format!("a MAC address has 12 digits; if a spreadsheet dropped zeros, write {full} and {AS_TEXT}"));
    }
    Ok(as_it_is(text))
}

fn switch(text: &str) -> Result<Repaired<'_>, String> {
    match text.to_lowercase().as_str() {
        "" | "-" => Ok(as_it_is(text)),
        "yes" | "y" | "true" | "1" | "on" | "x" | "✓" | "ja" | "wahr" => Ok(as_it_is("yes")),
        "no" | "n" | "false" | "0" | "off" | "nein" | "nej" | "falsch" => Ok(as_it_is("no")),
        _ => Err(format!("{:?} is neither yes nor no; write one of them", shortened(text))),
    }
}

fn date(text: &str, kind: CellKind) -> Result<Repaired<'_>, String> {
    if text.is_empty() || text == "-" {
        return Ok(as_it_is(text));
    }
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    if NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok() {
        return Ok(as_it_is(day));
    }
    for format in ["%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%b-%y"] {
        if let Ok(date) = NaiveDate::parse_from_str(text, format) {
            return Ok(Repaired { text: Cow::Owned(date.to_string()), note: None });
        }
    }
    // 46082 is how a spreadsheet keeps 1 March 2026.
    if let Some(date) =
        text.parse::<u64>().ok().filter(|days| kind == CellKind::Number || (36_526..73_051).contains(days))
    {
        let first = NaiveDate::from_ymd_opt(1899, 12, 30);
        if let Some(date) = first.and_then(|first| first.checked_add_days(Days::new(date))).filter(|_| date < 200_000) {
            return Ok(repaired(date.to_string(), text, "it is a spreadsheet's number for this date"));
        }
    }
    by_parts(text)
}

/// `3/1/2027`, `1.3.2027`: only where one order of day and month is possible.
fn by_parts(text: &str) -> Result<Repaired<'_>, String> {
    let instead = "write the date as 2027-03-01";
    let parts: Vec<u32> = text.split(['/', '.', '-']).filter_map(|part| part.trim().parse().ok()).collect();
    let [first, second, year] = parts[..] else {
        return Err(format!("{:?} is not a date; {instead}", shortened(text)));
    };
    let year = if year < 100 { year + 2000 } else { year };
    let on = |month, day| i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    // Dots are written with the day first, everywhere.
    let month_first = if text.contains('.') { None } else { on(first, second) };
    match (month_first, on(second, first)) {
        (Some(one), Some(other)) if one != other => {
            Err(format!("{text} can be {} or {}; {instead}", one.format("%-d %B %Y"), other.format("%-d %B %Y")))
        }
        (Some(date), _) | (None, Some(date)) => Ok(Repaired { text: Cow::Owned(date.to_string()), note: None }),
        (None, None) => Err(format!("there is no such date as {}; {instead}", shortened(text))),
    }
}

/// `10-2` becomes `2-Oct`, `MAR1` becomes `1-Mar`.
fn turned_into_a_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let Some((one, other)) = text.split_once('-') else { return false };
    let digits = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    let month = |part: &str| MONTHS.contains(&part.to_lowercase().as_str());
    (digits(one) && month(other)) || (month(one) && digits(other))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use lineside_model::extension::Extension;

    use super::*;

    fn plan(min: u8, max: u8) -> DialPlan {
        let first = "2".repeat(usize::from(min));
        DialPlan::new(min, max, Extension::parse(&first).unwrap()).unwrap()
    }

    fn read(column: &Column, kind: CellKind, text: &str) -> Result<(String, bool), String> {
        let plan = plan(4, 4);
        let habits = Habits { dial_plan: &plan, country: "US" };
        repair(column, Cell { text, kind }, habits).map(|read| (read.text.into_owned(), read.note.is_some()))
    }

    #[test]
    fn numbers_get_back_what_a_spreadsheet_took() {
        let number = |text| read(&Column::PhoneNumber, CellKind::Number, text);
        let kept = |text: &str| Ok((text.to_owned(), false));
        let repaired = |text: &str| Ok((text.to_owned(), true));
        assert_eq!(number("4805550143"), kept("4805550143"));
        assert_eq!(number("14805550143"), kept("14805550143"));
        assert_eq!(number("46812345678"), repaired("+46812345678"));
        assert_eq!(number("0046 8 123 456 78"), repaired("+46 8 123 456 78"));
        assert_eq!(number("4.6812345678E+10"), repaired("+46812345678"));
        assert_eq!(number("4,6812345678e10"), repaired("+46812345678"));
        assert!(number("4.67E+10").unwrap_err().contains("only the first digits"));
        assert_eq!(number("12"), kept("12"), "what is no number is for the rule to refuse");
    }

    #[test]
    fn zeros_come_back_where_only_they_can_be_missing() {
        let extension = |text| read(&Column::Extension, CellKind::Number, text);
        assert_eq!(extension("7"), Ok(("0007".to_owned(), true)));
        assert_eq!(extension("2001"), Ok(("2001".to_owned(), false)));
        let several = plan(3, 4);
        let habits = Habits { dial_plan: &several, country: "US" };
        let cell = Cell { text: "7", kind: CellKind::Number };
        assert_eq!(repair(&Column::Extension, cell, habits).unwrap().note, None);
        let zip = |text| read(&Column::E911PostalCode, CellKind::Number, text);
        assert_eq!(zip("8540"), Ok(("08540".to_owned(), true)));
        assert_eq!(zip("501"), Ok(("00501".to_owned(), true)));
        let mac = read(&Column::DeviceMac, CellKind::Number, "1565123456").unwrap_err();
        assert!(mac.contains("001565123456"), "{mac}");
        assert!(read(&Column::DeviceMac, CellKind::Text, "8.05E+14").is_err());
        assert!(read(&Column::DeviceMac, CellKind::Text, "80:5E:C0:AA:BB:CC").is_ok());
    }

    #[test]
    fn what_became_a_date_is_named() {
        assert!(read(&Column::E911StreetNumber, CellKind::Date, "2026-10-02").unwrap_err().contains("a date"));
        assert!(read(&Column::E911StreetNumber, CellKind::Text, "2-Oct").unwrap_err().contains("a date"));
        assert!(read(&Column::Username, CellKind::Text, "mar-1").is_err());
        assert!(read(&Column::LastName, CellKind::Text, "2-Oct").is_ok());
    }

    #[test]
    fn dates_are_read_when_they_can_mean_one_day_only() {
        let from = Column::LicenseDate("voice".to_owned());
        let date = |text| read(&from, CellKind::Text, text).map(|(text, _)| text);
        for text in ["2027-03-01", "1 March 2027", "Mar 1, 2027", "1.3.2027", "1-Mar-2027", "2027-03-01T00:00:00"] {
            assert_eq!(date(text).as_deref(), Ok("2027-03-01"), "{text}");
        }
        assert_eq!(date("13/1/2027").as_deref(), Ok("2027-01-13"));
        assert_eq!(date("1/13/2027").as_deref(), Ok("2027-01-13"));
        assert_eq!(date("3/3/2027").as_deref(), Ok("2027-03-03"));
        assert_eq!(
            date("3/1/2027").unwrap_err(),
            "3/1/2027 can be 1 March 2027 or 3 January 2027; write the date as 2027-03-01"
        );
        assert_eq!(read(&from, CellKind::Number, "46447"), Ok(("2027-03-01".to_owned(), true)));
        assert!(date("31.2.2027").is_err());
        assert!(date("soon").is_err());
    }

    #[test]
    fn cells_without_a_value_of_their_own_are_named() {
        for kind in [CellKind::Error, CellKind::Formula, CellKind::Merged, CellKind::TooLong] {
            assert!(read(&Column::FirstName, kind, "#REF!").is_err());
        }
        assert_eq!(read(&Column::Welcome, CellKind::Bool, "yes"), Ok(("yes".to_owned(), false)));
        assert!(read(&Column::Welcome, CellKind::Text, "perhaps").is_err());
    }
}
