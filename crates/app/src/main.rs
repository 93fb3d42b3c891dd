//! The program `lineside`: configuration, wiring, command line, demo data.

mod bench;
mod catalogue;
mod clock;
mod config;
mod demo;
mod log;
mod operator;
mod outside;
mod pending;
mod program;
mod registrations;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Calls are told by one thread and written down by another: the system's allocator keeps twice as much for that, and is slower.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A business phone system that a company runs itself.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve what the configuration file says.
    Serve {
        #[arg(long, env = "LINESIDE_CONFIG", default_value = "/etc/lineside.toml")]
        config: PathBuf,
    },
    /// Read the configuration file, say what is wrong with it, and stop.
    CheckConfig {
        #[arg(long, env = "LINESIDE_CONFIG", default_value = "/etc/lineside.toml")]
        config: PathBuf,
    },
    /// Add somebody who runs Lineside; the password is read from the first line of standard input.
    AddOperator {
        #[arg(long, env = "LINESIDE_CONFIG", default_value = "/etc/lineside.toml")]
        config: PathBuf,
        username: String,
        name: String,
    },
    /// What can be assigned: tracks and license types.
    Catalogue {
        #[command(subcommand)]
        command: catalogue::Catalogue,
    },
    /// Print the description of the API, OpenAPI 3.1.
    Openapi,
    /// Serve two demo accounts; the data is kept, and made when the folder is new.
    Demo(demo::Options),
    /// Measure.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Catalogue { command } => return catalogue::run(&command).await,
        Command::Serve { config } => {
            let config = config::read(&config)?;
            log::start(config.log_json);
            program::Program::start(&config).await?.run().await
        }
        Command::CheckConfig { config: path } => {
            config::read(&path)?;
            say(&format!("{} is fine", path.display()));
            Ok(())
        }
        Command::AddOperator { config, username, name } => {
            operator::add(&config::read(&config)?, &username, &name).await
        }
        Command::Openapi => {
            say(lineside_api::openapi().trim_end());
            Ok(())
        }
        Command::Demo(options) => {
            log::start(false);
            demo::run(&options).await
        }
        Command::Bench { bench } => {
            log::start(false);
            Box::pin(bench::run(&bench)).await
        }
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Standard output is for answers; what happens goes to the log on standard error.
#[expect(clippy::print_stdout, reason = "the command line's answers")]
fn say(text: &str) {
    println!("{text}");
}
