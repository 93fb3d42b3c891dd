//! Programs that search the net for telephone systems to defraud. They name themselves, unless their users take the
//! trouble to change it; so this only keeps the logs clean. The answers give nothing away in any case.

/// Parts of the user agents of sipvicious, sipcli, and other scanners seen in the wild.
const NAMES: [&str; 7] = ["friendly-scanner", "sipvicious", "sipcli", "sip-scan", "sundayddr", "iwar", "pplsip"];

const USER_AGENT: &[u8] = b"user-agent:";

/// Whether a message's User-Agent is one that is given no answer. Looked at before anything else is done for it.
pub(crate) fn is_scanner(message: &[u8]) -> bool {
    // They ask.
    if message.starts_with(b"SIP/2.0") {
        return false;
    }
    let mut rest = message;
    loop {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        if starts_with(line, USER_AGENT) {
            let program = &line[USER_AGENT.len()..];
            return (0..program.len()).any(|at| begins_with_a_name(&program[at..]));
        }
        if line.trim_ascii().is_empty() || after.is_empty() {
            return false;
        }
        rest = after;
    }
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// The first letter tells nearly always that it does not.
fn begins_with_a_name(text: &[u8]) -> bool {
    let first = text.first().map(u8::to_ascii_lowercase);
    NAMES.iter().any(|name| first == name.bytes().next() && starts_with(text, name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(user_agent: &str) -> bool {
        is_scanner(format!("OPTIONS sip:a SIP/2.0\r\nVia: x\r\nUser-Agent: {user_agent}\r\n\r\n").as_bytes())
    }

    #[test]
    fn scanners_are_told_from_phones() {
        for scanner in ["friendly-scanner", "sipcli/v1.8", "SIPVicious"] {
            assert!(is_refused(scanner), "{scanner}");
        }
        for phone in ["Yealink SIP-T46U 108.86.0.20", "baresip v1.0.0", "Linphone", "", "Asterisk PBX"] {
            assert!(!is_refused(phone), "{phone}");
        }
    }

    #[test]
    fn the_name_counts_only_where_it_names_the_program() {
        assert!(!is_scanner(b"MESSAGE sip:a SIP/2.0\r\nSubject: friendly-scanner\r\n\r\nUser-Agent: sipcli\r\n"));
    }
}
