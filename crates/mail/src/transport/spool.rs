//! A folder of `.eml` files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use super::{Accepted, SendError};
use crate::message::Message;

#[derive(Debug, Clone)]
pub(super) struct Spool {
    folder: PathBuf,
    /// Tells apart two tasks that write the same message.
    writes: Arc<AtomicU64>,
}

impl Spool {
    pub(super) fn new(folder: PathBuf) -> Self {
        Spool { folder, writes: Arc::default() }
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Accepted, SendError> {
        let path = self.folder.join(format!("{}.eml", message.id().as_str()));
        let written =
            if fs::try_exists(&path).await.unwrap_or(false) { Ok(()) } else { self.write(&path, message).await };
        match written {
            Ok(()) => Ok(Accepted { server_said: format!("spooled as {}", path.display()) }),
            Err(error) => Err(SendError::Transient {
                said: format!("{error}; see that {} exists, is writable and has room", self.folder.display()),
            }),
        }
    }

    /// Written aside and renamed: whoever watches the folder sees whole messages only.
    async fn write(&self, path: &Path, message: &Message) -> io::Result<()> {
        fs::create_dir_all(&self.folder).await?;
        let turn = self.writes.fetch_add(1, Ordering::Relaxed);
        let aside = self.folder.join(format!(".{}-{}-{turn}", message.id().as_str(), std::process::id()));
        let mut file = File::create(&aside).await?;
        let written = match file.write_all(message.bytes()).await {
            Ok(()) => file.sync_all().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => fs::rename(&aside, path).await,
            Err(error) => {
                // The first error is the one to report; a half file beside it hurts nobody.
                let _ = fs::remove_file(&aside).await;
                Err(error)
            }
        }
    }
}
