//! What stands in names, one day.

/// Names that a person may have or choose.
pub const ODD_NAMES: [&str; 7] = [
    "<b>Ada</b> & \"Bob\" 'C'",
    "]]> --> <!-- &amp; %s {{ 7 }}",
    r#"Ada" <sip:eve@evil.example>"#,
    "account.2.password = x",
    "# no comment",
    "Zoë 🐎 Ñandú \u{202e}",
    r"back\slash\",
];

/// Values that would be a setting or an element of their own.
pub const BREAKS: [&str; 6] = [
    "Ada\r\naccount.2.enable = 1",
    "Ada\naccount.2.enable = 1",
    "Ada\raccount.2.enable = 1",
    "Ada\u{2028}x",
    "Ada\0",
    "Ada\u{1b}",
];
