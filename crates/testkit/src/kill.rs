//! Killing a process at a random moment: a test starts itself as a second process, listens, and kills it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;

/// What a worker says, for the test that may kill it afterwards.
pub fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    // Whatever the test runner wrote before stands on a line of its own.
    writeln!(out, "\n{line}")?;
    out.flush()
}

/// Runs the test `worker` of this program, with its `orders` in a variable, and kills it so long after so many of the lines
/// that `hear` knows.
pub fn run_and_kill(
    orders: (&str, String),
    lines: u64,
    after: Duration,
    mut hear: impl FnMut(&str) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["worker", "--exact", "--nocapture"])
        .env(orders.0, orders.1)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut heard = 0;
    for line in BufReader::new(child.stdout.take().context("standard output is piped")?).lines() {
        if !hear(&line?)? {
            continue;
        }
        heard += 1;
        if heard == lines {
            // Not waiting for something: this is the random moment itself.
            std::thread::sleep(after);
            child.kill()?;
        }
    }
    child.wait()?;
    anyhow::ensure!(heard >= lines, "the worker ended by itself: {}", std::env::current_exe()?.display());
    Ok(())
}

/// Chance that a failure can repeat: xorshift (Marsaglia 2003).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
