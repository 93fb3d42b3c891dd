//! How many lines a model holds.

use lineside_model::device::DeviceModel;

/// The accounts that the model's firmware has. Every one of them is written, used or not.
pub fn slots(model: &DeviceModel) -> u8 {
    match model.slug {
        "yealink-t31p" => 2,
        "yealink-t33g" => 4,
        "yealink-w70b" => 10,
        "yealink-t43u" | "yealink-t53" => 12,
        "yealink-t46u" | "yealink-t48u" | "yealink-t54w" | "yealink-t57w" | "yealink-t58w" => 16,
        // The conference phone, and softphones, whose one line is their user's.
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_conference_phone_and_softphones_hold_one_line() {
        let single: Vec<&str> =
            DeviceModel::ALL.iter().filter(|model| slots(model) == 1).map(|model| model.slug).collect();
        assert_eq!(single, ["yealink-cp925", "linphone", "generic"]);
    }
}
