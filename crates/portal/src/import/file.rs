//! Files to fill in: the empty template, all that the account has, and the rows of an import that were refused.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lineside_model::id::ImportId;
use lineside_model::import::ImportKind;
use lineside_service::ServiceError;
use lineside_service::import::{FileKind, FileOf};

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/imports/files/{name}", Access::Administrator, to_fill_in),
        Route::get("/imports/{id}/refused.csv", Access::Administrator, refused_csv),
        Route::get("/imports/{id}/refused.xlsx", Access::Administrator, refused_xlsx),
    ]
}

/// `users.csv`, `devices-template.xlsx` and the like.
async fn to_fill_in(visitor: Visitor, name: Result<Path<String>, PathRejection>) -> Answer {
    let Path(name) = name.map_err(|_| ServiceError::NotFound)?;
    let (stem, extension) = name.rsplit_once('.').ok_or(ServiceError::NotFound)?;
    let (lists, of) = match stem.strip_suffix("-template") {
        Some(lists) => (lists, FileOf::Nobody),
        None => (stem, FileOf::AllUsers),
    };
    let (Some(lists), Some(kind)) = (ImportKind::parse(lists), FileKind::parse(extension)) else {
        return Err(ServiceError::NotFound.into());
    };
    let file = visitor.service.inventory_file(&visitor.caller, lists, of, kind).await?;
    Ok(download(&format!("lineside-{stem}"), kind, file))
}

async fn refused_csv(visitor: Visitor, RecordPath(id): RecordPath<ImportId>) -> Answer {
    refused(&visitor, id, FileKind::Csv).await
}

async fn refused_xlsx(visitor: Visitor, RecordPath(id): RecordPath<ImportId>) -> Answer {
    refused(&visitor, id, FileKind::Xlsx).await
}

pub(crate) async fn users_file(visitor: &Visitor, of: FileOf, kind: FileKind) -> Answer {
    let name = if of == FileOf::Nobody { "lineside-users-template" } else { "lineside-users" };
    let file = visitor.service.users_file(&visitor.caller, of, kind).await?;
    Ok(download(name, kind, file))
}

async fn refused(visitor: &Visitor, id: ImportId, kind: FileKind) -> Answer {
    // Before its columns were chosen, nothing was refused.
    let file = match visitor.service.import_result(&visitor.caller, id, kind).await {
        Err(ServiceError::Files(_)) => return Err(ServiceError::NotFound.into()),
        other => other?,
    };
    Ok(download("lineside-refused-rows", kind, file))
}

fn download(name: &str, kind: FileKind, file: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}.{}\"", kind.extension());
    let headers = [(header::CONTENT_TYPE, kind.content_type().to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, file).into_response()
}
