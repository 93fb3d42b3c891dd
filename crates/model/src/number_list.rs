//! Phone numbers as a person pastes them: one a line, or a range such as `+1 480 555 0100 - +1 480 555 0149`.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::change::NUMBERS_MAX;
use crate::phone_number::{E164, E164Error};

/// What is wrong with one line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// From 1.
    pub line: usize,
    pub problem: NumberListError,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberListError {
    #[error("{text:?}: {error}")]
    Number { text: String, error: E164Error },
    #[error("the range ends before it begins; write the lower number first")]
    Backwards,
    #[error("both ends of a range lie in the same country and have the same length")]
    Different,
    #[error("this makes more than {NUMBERS_MAX} numbers; add the rest afterwards")]
    TooMany,
}

/// Reads a list: lines, and within a line several separated by `,` or `;`. Empty lines are passed over, and a number that
/// stands twice is taken once. Every wrong line is named.
pub fn parse(text: &str) -> Result<Vec<E164>, Vec<LineError>> {
    let (mut numbers, mut seen, mut errors) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        let line_number = at + 1;
        for entry in line.split([',', ';']).map(str::trim).filter(|entry| !entry.is_empty()) {
            match parse_entry(entry) {
                Ok(found) => numbers.extend(found.into_iter().filter(|number| seen.insert(number.clone()))),
                Err(problem) => errors.push(LineError { line: line_number, problem }),
            }
            if numbers.len() > NUMBERS_MAX {
                errors.push(LineError { line: line_number, problem: NumberListError::TooMany });
                return Err(errors);
            }
        }
    }
    if errors.is_empty() { Ok(numbers) } else { Err(errors) }
}

fn parse_entry(entry: &str) -> Result<Vec<E164>, NumberListError> {
    match split_range(entry) {
        Some((first, last)) => {
            let first = parse_number(first)?;
            let last = parse_last(&first, last)?;
            count(&first, &last)
        }
        None => parse_number(entry).map(|number| vec![number]),
    }
}

fn parse_number(text: &str) -> Result<E164, NumberListError> {
    E164::parse(text).map_err(|error| NumberListError::Number { text: text.trim().chars().take(40).collect(), error })
}

/// A hyphen alone does not part a range, since `480-555-0143` is one number: it has blanks around it or a `+` after it.
fn split_range(entry: &str) -> Option<(&str, &str)> {
    const BETWEEN: [&str; 5] = [" - ", " – ", " — ", " to ", ".."];
    let parted = BETWEEN.into_iter().find_map(|between| entry.split_once(between));
    parted.or_else(|| {
        let at = entry.rfind('+').filter(|at| *at > 0)?;
        let first = entry[..at].trim_end().strip_suffix(['-', '–', '—'])?;
        Some((first, &entry[at..]))
    })
}

/// The whole number, or only the digits in which it differs: `+1 480 555 0100 - 0149`.
fn parse_last(first: &E164, text: &str) -> Result<E164, NumberListError> {
    let text = text.trim();
    let short = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !short {
        return parse_number(text);
    }
    let kept = first.as_str().len() - text.len();
    parse_number(&format!("{}{text}", &first.as_str()[..kept]))
}

/// A range of at most 10,000 numbers lies in the blocks of its two ends, which were checked against the numbering plan, so
/// what lies between needs no check of its own.
fn count(first: &E164, last: &E164) -> Result<Vec<E164>, NumberListError> {
    if first.as_str().len() != last.as_str().len() || first.area_code().is_some() != last.area_code().is_some() {
        return Err(NumberListError::Different);
    }
    if last < first {
        return Err(NumberListError::Backwards);
    }
    let mut numbers = vec![first.clone()];
    while let Some(next) = numbers.last().filter(|number| *number < last).and_then(E164::next) {
        if numbers.len() == NUMBERS_MAX {
            return Err(NumberListError::TooMany);
        }
        numbers.push(next);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &str) -> Vec<String> {
        parse(list).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_a_line_however_it_is_written() {
        let list = "+1 480 555 0143\n\n480-555-0144\r\n (480) 555-0145 ; 480.555.0146,\n+1 480 555 0143";
        assert_eq!(texts(list), ["+14805550143", "+14805550144", "+14805550145", "+14805550146"]);
        assert!(texts("  \n ").is_empty());
    }

    #[test]
    fn a_range_is_written_in_several_ways() {
        for range in [
            "+1 480 555 0100 - +1 480 555 0103",
            "+14805550100-+14805550103",
            "480-555-0100 – 480-555-0103",
            "480 555 0100 to 480 555 0103",
            "480 555 0100..0103",
            "480 555 0100 - 03",
        ] {
            let expected = ["+14805550100", "+14805550101", "+14805550102", "+14805550103"];
            assert_eq!(texts(range), expected, "{range}");
        }
    }

    #[test]
    fn every_wrong_line_is_named() {
        let errors = parse("480 555 0143\n4.67E+10\n480 555 0199 - 0100\n+1 480 555 0100 - +46 8 123 456 78\nhello")
            .unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        assert_eq!(errors[1].to_string(), "line 3: the range ends before it begins; write the lower number first");
        assert_eq!(errors[2].problem, NumberListError::Different);
    }

    #[test]
    fn a_list_ends_at_ten_thousand() {
        let whole_block = texts("480 555 0000 - 9999");
        assert_eq!(whole_block.len(), NUMBERS_MAX);
        assert_eq!(whole_block.last().unwrap(), "+14805559999");
        let errors = parse("480 555 0000 - 480 556 0000").unwrap_err();
        assert_eq!(errors[0].problem, NumberListError::TooMany);
        let errors = parse("480 555 0000 - 9999\n480 556 0000").unwrap_err();
        assert_eq!((errors[0].line, &errors[0].problem), (2, &NumberListError::TooMany));
    }
}
