//! Adding an operator from the command line.

use anyhow::Context;
use lineside_service::ServiceError;

use crate::config::Config;
use crate::program;

pub async fn add(config: &Config, username: &str, name: &str) -> anyhow::Result<()> {
    let mut password = String::new();
    std::io::stdin().read_line(&mut password).context("the password could not be read from standard input")?;
    let service = program::service(config).await?;
    match service.add_operator(username, name, password.trim_end_matches(['\r', '\n'])).await {
        Ok(_) => {
            crate::say(&format!("{username} can sign in at {}", config.http_url));
            Ok(())
        }
        Err(ServiceError::Invalid(errors)) => {
            let lines: Vec<String> =
                errors.0.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            anyhow::bail!(lines.join("\n"))
        }
        Err(error) => Err(error).context("the operator could not be added; is the username taken?"),
    }
}
