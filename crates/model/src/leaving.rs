//! What becomes of what a user leaves behind.

use serde::{Deserialize, Serialize};

use crate::extension::Destination;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leaving {
    pub numbers: LeftNumbers,
    pub devices: LeftDevices,
    /// Where those who sent calls to this user send them from now on; `None`: nowhere.
    pub forwarders: Option<Destination>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftNumbers {
    /// Kept back for a while, so that the callers of who left do not reach a stranger.
    #[default]
    Quarantine,
    /// Can be given to somebody else at once.
    Free,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftDevices {
    /// Stay in the list of devices, without a user.
    #[default]
    Unassign,
    Delete,
}

impl LeftNumbers {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Free => "free",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Quarantine, Self::Free].into_iter().find(|numbers| numbers.as_str() == text)
    }
}

impl LeftDevices {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unassign => "unassign",
            Self::Delete => "delete",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unassign, Self::Delete].into_iter().find(|devices| devices.as_str() == text)
    }
}
