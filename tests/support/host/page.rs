//! Leaving for another URL, on any host.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::Page;

use super::host;

#[wasm_bindgen_test]
fn a_function_of_the_app_is_called_instead_of_leaving_the_page() {
    let opened = Rc::new(RefCell::new(Vec::new()));
    let open_url = {
        let opened = Rc::clone(&opened);
        Closure::<dyn Fn(String)>::new(move |url| opened.borrow_mut().push(url))
    };
    let before = host().location();
    let host = host().with_open_url(Some(open_url.as_ref().clone().into()));
    assert!(host.navigate("https://idp.example/authorize?state=1"));
    assert_eq!(*opened.borrow(), ["https://idp.example/authorize?state=1"]);
    assert_eq!(host.location(), before);
}

#[wasm_bindgen_test]
fn a_function_of_the_app_that_throws_opened_nothing() {
    let host = host().with_open_url(Some(Function::new_no_args("throw 'no browser here'")));
    assert!(!host.navigate("https://idp.example/authorize"));
}

#[wasm_bindgen_test]
fn only_a_page_has_a_location() {
    assert_eq!(host().location().is_some(), JsHost::is_page());
}
