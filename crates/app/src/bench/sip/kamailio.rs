//! Kamailio beside Lineside, on the same core, for the same phones: as lean as it gets, and as Debian configures it, with
//! credentials and contacts in a database as Lineside has them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use clap::Args;
use lineside_sip::digest::{Algorithm, Ha1};

use super::phones::Line;
use super::target::Target;

/// The password of every phone there; it computes HA1 by itself.
const PASSWORD: &str = "secret";

#[derive(Args)]
pub struct Options {
    /// Where Kamailio is; without it, Lineside is measured alone.
    #[arg(long, default_value = "/usr/sbin/kamailio")]
    kamailio: PathBuf,
    /// Where Kamailio's modules are.
    #[arg(long, default_value = "/usr/lib/x86_64-linux-gnu/kamailio/modules/")]
    modules: PathBuf,
    /// The configuration that comes with it.
    #[arg(long, default_value = "/etc/kamailio/kamailio.cfg")]
    kamailio_config: PathBuf,
    /// Where the tables for SQLite are described (Debian's kamailio-sqlite-modules).
    #[arg(long, default_value = "/usr/share/kamailio/db_sqlite")]
    kamailio_tables: PathBuf,
}

impl Options {
    pub fn is_there(&self) -> bool {
        self.kamailio.exists()
    }

    /// A registrar and a proxy in memory, with [`kamailio.cfg`](kamailio.cfg).
    pub fn start_lean(&self, data: &Path, core: usize) -> anyhow::Result<Target> {
        let sip = super::free_address()?;
        let config = include_str!("kamailio.cfg")
            .replace("{ADDRESS}", &sip.to_string())
            .replace("{PASSWORD}", PASSWORD)
            .replace("{MODULES}", &self.modules.to_string_lossy());
        let path = data.join("kamailio.cfg");
        std::fs::write(&path, config)?;
        Target::start("kamailio", Some(core), &self.kamailio, &arguments(&path, data, &["-E"]), sip)
    }

    /// With Debian's configuration and SQLite: credentials are looked up, contacts are written every minute, and calls are told
    /// on standard error, which goes into a file. `None`: its modules are not there.
    pub fn start_with_database(&self, data: &Path, core: usize, lines: &[Line]) -> anyhow::Result<Option<Target>> {
        let module = self.modules.join("db_sqlite.so");
        if !module.exists() || !self.kamailio_config.exists() || !self.kamailio_tables.exists() {
            return Ok(None);
        }
        let folder = data.join("kamailio");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        let (sip, database, config) = (super::free_address()?, folder.join("kamailio.db"), folder.join("kamailio.cfg"));
        self.make(&database, lines)?;
        std::fs::copy(&self.kamailio_config, &config)?;
        let domain = &lines.first().context("there are no phones")?.domain;
        // It is read at the head of the configuration that comes with it.
        let local = format!(
            "#!define WITH_AUTH\n#!define WITH_USRLOCDB\n#!define DBURL \"sqlite:///{}\"\n\
             loadmodule \"{}\"\nalias=\"{domain}\"\n",
            database.display(),
            module.display(),
        );
        std::fs::write(folder.join("kamailio-local.cfg"), local)?;
        let (modules, listen) = (self.modules.to_string_lossy(), format!("udp:{sip}"));
        let more = ["-E", "-n", "1", "-l", &listen, "-L", &modules];
        let target =
            Target::start("kamailio-db", Some(core), &self.kamailio, &arguments(&config, &folder, &more), sip)?;
        Ok(Some(target))
    }

    fn make(&self, database: &Path, lines: &[Line]) -> anyhow::Result<()> {
        let mut script = String::from("PRAGMA journal_mode=WAL;\n");
        for table in ["standard", "usrloc", "auth_db"] {
            script += &std::fs::read_to_string(self.kamailio_tables.join(format!("{table}-create.sql")))?;
        }
        script += "BEGIN;\n";
        for Line { username, domain, .. } in lines {
            writeln!(
                script,
                "INSERT INTO subscriber (username, domain, password) VALUES ('{username}', '{domain}', '{PASSWORD}');"
            )?;
        }
        script += "COMMIT;\n";
        let mut sqlite = Command::new("sqlite3").arg(database).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        sqlite.stdin.take().context("sqlite3 reads nothing")?.write_all(script.as_bytes())?;
        ensure!(sqlite.wait()?.success(), "sqlite3 could not make {}", database.display());
        Ok(())
    }
}

/// One worker's memory is enough for all phones.
fn arguments(config: &Path, run: &Path, more: &[&str]) -> Vec<String> {
    let (config, run) = (config.to_string_lossy(), run.to_string_lossy());
    let all = ["-DD", "-f", &config, "-x", "fm", "-X", "fm", "-m", "2048", "-M", "64", "-Y", &run];
    all.iter().chain(more).map(|&word| word.to_owned()).collect()
}

impl Line {
    pub fn at_kamailio(&self) -> Line {
        let (username, domain) = (self.username.clone(), self.domain.clone());
        let ha1 = Ha1::new(Algorithm::Md5, &username, &domain, PASSWORD);
        Line { called: self.called.as_ref().map(|_| username.clone()), username, domain, ha1 }
    }
}
