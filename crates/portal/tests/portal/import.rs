//! Users from a file, page by page.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::house::{Page, Portal, filled};

async fn upload(portal: &Portal, cookie: &str, file: &str) -> Page {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"new people.csv\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let request = Request::post("/imports")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    portal.call(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_file_becomes_users_and_a_wrong_cell_is_corrected_on_the_page() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    let file = "Login;Given name;Surname;Ext\nnew.one;New;One;911\nnew.two;New;Two;2002\n";
    let import = upload(&portal, &cookie, file).await.location.unwrap();
    let columns = portal.get(&import, &cookie).await;
    assert_eq!(columns.texts("h1"), ["Columns of new people.csv"]);
    let form = columns.form("main form");
    assert!(form.contains(&("column.1".to_owned(), "first_name".to_owned())), "{form:?}");
    let planned = portal.post(&format!("{import}/columns"), &cookie, &filled(&form, &[])).await;
    assert_eq!(planned.location.as_deref(), Some(import.as_str()));

    let plan = portal.get(&import, &cookie).await;
    assert_eq!(plan.texts("#errors"), ["1 error"]);
    assert!(plan.texts("main form button").contains(&"Import 1 good row only".to_owned()));
    let wrong = plan.form(&format!("form[action='{import}/correct']"));
    assert_eq!(wrong, [("cell.2.3".to_owned(), "911".to_owned())]);
    let corrected = filled(&wrong, &[("cell.2.3", "2001")]);
    portal.post(&format!("{import}/correct"), &cookie, &corrected).await;
    let plan = portal.get(&import, &cookie).await;
    assert!(plan.texts("main form button").contains(&"Import 2 rows".to_owned()), "{}", plan.body);

    let done = portal.post(&format!("{import}/apply"), &cookie, "").await;
    assert_eq!(done.location.as_deref(), Some(import.as_str()));
    let done = portal.get(&import, &cookie).await;
    assert!(done.texts(".note.ok")[0].starts_with("Applied. 2 users were added"), "{}", done.body);
    let users = portal.get("/users?search=new", &cookie).await.texts("a.person");
    assert_eq!(users, ["New One", "New Two"]);
    let history = portal.get("/imports", &cookie).await;
    assert!(history.texts("tbody tr").iter().any(|row| row.starts_with("new people.csv") && row.contains("Ana Admin")));
}

#[tokio::test]
async fn what_is_no_spreadsheet_is_said_beside_the_field() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    for (file, said) in [("%PDF-1.7", "this is a PDF"), ("", "choose a file first"), ("Name,Ext\n", "no rows below")] {
        let page = upload(&portal, &cookie, file).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains(said), "{}", page.body);
    }
}

#[tokio::test]
async fn templates_and_exports_are_files() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    for (path, kind) in [
        ("users-template.csv", "text/csv"),
        ("users.xlsx", "application/vnd.openxmlformats"),
        ("devices.csv", "text/csv"),
        ("numbers.xlsx", "application/vnd.openxmlformats"),
        ("locations-template.xlsx", "application/vnd.openxmlformats"),
    ] {
        let request = Request::get(format!("/imports/files/{path}")).header(header::COOKIE, &cookie);
        let response = portal.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with(kind));
        assert!(response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    }
}
