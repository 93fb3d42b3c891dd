//! The catalogue from the command line: printed as a file, and applied from one after its plan was read.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use lineside_model::catalogue::{CataloguePlan, file};
use lineside_model::id::OperatorId;
use lineside_model::journal::Via;
use lineside_service::catalogue::Rehearsal;
use lineside_service::store::{CatalogueApplied, CatalogueRequest};
use lineside_service::{Caller, Identity, Service};

use crate::config::{self, Config};
use crate::program;

#[derive(Subcommand)]
pub enum Catalogue {
    /// Print the tracks and license types as a file that `apply` reads.
    Show {
        #[arg(long, env = "LINESIDE_CONFIG", default_value = "/etc/lineside.toml")]
        config: PathBuf,
    },
    /// Say what a file would change, ask, and change it. Ends with 2 when something stands in the way.
    Apply {
        #[arg(long, env = "LINESIDE_CONFIG", default_value = "/etc/lineside.toml")]
        config: PathBuf,
        file: PathBuf,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
}

/// Something stands in the way: the program's exit code.
const BLOCKED: u8 = 2;

pub async fn run(command: &Catalogue) -> anyhow::Result<ExitCode> {
    match command {
        Catalogue::Show { config } => show(&config::read(config)?).await,
        Catalogue::Apply { config, file, yes } => apply(&config::read(config)?, file, *yes).await,
    }
}

/// Whoever may read the configuration runs Lineside.
fn caller() -> Caller {
    let identity = Identity::Operator { id: OperatorId(uuid::Uuid::nil()), name: "Command line".to_owned() };
    Caller { identity, via: Via::System, from: None }
}

async fn show(config: &Config) -> anyhow::Result<ExitCode> {
    let service = program::service(config).await?;
    let catalogue = service.catalogue().await?;
    service.close().await;
    crate::say(file::write(&catalogue).trim_end());
    Ok(ExitCode::SUCCESS)
}

async fn apply(config: &Config, path: &Path, yes: bool) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let service = program::service(config).await?;
    let code = apply_text(&service, &text, path, yes).await;
    service.close().await;
    code
}

async fn apply_text(service: &Service, text: &str, path: &Path, yes: bool) -> anyhow::Result<ExitCode> {
    let known = service.catalogue().await?;
    let wanted = file::read(text, &known, || service.new_catalogue_id());
    let wanted = wanted.with_context(|| format!("{} needs another look", path.display()))?;
    let (version, plan) = service.plan_catalogue(&caller(), &wanted).await?;
    crate::say(&in_words(&plan));
    if plan.blocked() {
        return Ok(ExitCode::from(BLOCKED));
    }
    if plan.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !yes && !agreed()? {
        crate::say("Nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let request = CatalogueRequest { id: service.new_change_id(), wanted: &wanted, seen: version, sent: None };
    match service.apply_catalogue(&caller(), &request, Rehearsal::First).await? {
        CatalogueApplied::Done(_) | CatalogueApplied::Before => {
            crate::say("Done.");
            Ok(ExitCode::SUCCESS)
        }
        CatalogueApplied::Blocked(plan) => {
            crate::say(&in_words(&plan));
            Ok(ExitCode::from(BLOCKED))
        }
        CatalogueApplied::Stale => {
            crate::say("Somebody changed the catalogue in between; nothing was changed. Apply the file once more.");
            Ok(ExitCode::from(BLOCKED))
        }
    }
}

/// The plan as people read it.
fn in_words(plan: &CataloguePlan) -> String {
    let mut lines = vec![format!("{}.", plan.summary)];
    for step in &plan.steps {
        lines.push(format!("\n{} {}", step.action.verb(), step.title));
        for change in &step.changes {
            let line = match (change.before.as_str(), change.after.as_str()) {
                ("", after) => format!("  {}: {after}", change.field),
                (before, "") => format!("  {}: no longer {before}", change.field),
                (before, after) => format!("  {}: {before} -> {after}", change.field),
            };
            lines.push(line);
        }
    }
    let warnings = plan.warnings.iter().map(|warning| format!("\nWarning: {warning}."));
    lines.extend(warnings);
    lines.extend(plan.blockers.iter().map(|blocker| format!("\nBlocked: {}.", blocker.in_words())));
    lines.join("\n")
}

fn agreed() -> anyhow::Result<bool> {
    let mut out = std::io::stderr();
    write!(out, "\nChange the catalogue so? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("the answer could not be read; say --yes to go without")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
