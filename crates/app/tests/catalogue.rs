//! `lineside catalogue`, as a process of its own over a database of its own.

#![expect(clippy::unwrap_used, reason = "what a test's own helpers can't do fails the test")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Installed {
    folder: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "data = \"{}\"\n[http]\nurl = \"https://phones.example.com\"\n[sip]\nhost = \"sip.example.com\"\n\
             media_address = \"192.0.2.10\"\n",
            folder.path().join("data").display()
        );
        std::fs::write(folder.path().join("lineside.toml"), config).unwrap();
        Self { folder }
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("catalogue.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str], answer: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lineside"))
            .arg("catalogue")
            .args(arguments)
            .env("LINESIDE_CONFIG", self.folder.path().join("lineside.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever is not asked does not read.
        let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn show(&self) -> String {
        said(&self.run(&["show"], ""))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_catalogue_is_shown_changed_and_applied() {
    let installed = Installed::new();
    let shown = installed.show();
    assert!(shown.contains("features = [\"voice\", \"external-calls\", \"voicemail\", \"devices:1\"]"), "{shown}");
    let path = installed.write(&shown);
    let path = path.to_str().unwrap();
    let same = installed.run(&["apply", path], "");
    assert_eq!((same.status.code(), said(&same).as_str()), (Some(0), "Nothing changes.\n"));

    installed.write(&shown.replace("devices:1\"", "devices:2\""));
    let declined = installed.run(&["apply", path], "n\n");
    assert!(declined.status.success() && said(&declined).contains("Nothing was changed."), "{}", said(&declined));
    assert!(said(&declined).contains("Devices 1 -> Calls between extensions"), "{}", said(&declined));
    assert_eq!(installed.show(), shown);
    let applied = installed.run(&["apply", path], "y\n");
    assert!(applied.status.success() && said(&applied).ends_with("Done.\n"), "{}", said(&applied));
    assert!(installed.show().contains("devices:2\""));
    installed.write(&shown);
    assert!(installed.run(&["apply", path, "--yes"], "").status.success());
    assert_eq!(installed.show(), shown);
}

#[test]
fn what_stands_in_the_way_is_told_with_its_repair() {
    let installed = Installed::new();
    let shown = installed.show();
    let path = installed.write(&shown.replace("name = \"Basic\"", "name = \"\""));
    let path = path.to_str().unwrap();
    let blocked = installed.run(&["apply", path, "--yes"], "");
    assert_eq!(blocked.status.code(), Some(2));
    assert!(said(&blocked).contains("Blocked: `basic` has no usable name; fill in a name"), "{}", said(&blocked));
    installed.write(&shown.replace("\"track:voice\"", "\"track:vioce\""));
    let wrong = installed.run(&["apply", path, "--yes"], "");
    let error = String::from_utf8_lossy(&wrong.stderr);
    assert!(!wrong.status.success() && error.contains("line ") && error.contains("`vioce`"), "{error}");
    assert_eq!(installed.show(), shown);
}
