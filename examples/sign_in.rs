//! A Rust wasm app that signs a user in with this crate as a library: no npm package, no exports of ours.
//!
//! `cargo build --example sign_in --features host --target wasm32-unknown-unknown`

#[cfg(target_arch = "wasm32")]
mod app {
    use wasm_oidc::client::{Client, ClientOptions, SignInOptions};
    use wasm_oidc::error::Result;
    use wasm_oidc::host::JsHost;
    use wasm_oidc::protocol::json::parse_object;

    /// Comes back from the provider, or goes there.
    pub async fn run() -> Result<()> {
        let options = parse_object(
            br#"{
                "issuer": "https://idp.example.com",
                "clientId": "spa",
                "redirectUri": "https://app.example.com/callback",
                "storage": "session"
            }"#,
        )?;
        let options = ClientOptions::from_json(&options, JsHost::is_page())?;
        let client = Client::new(JsHost::new(options.storage), options)?;
        client.restore().await?;
        client.handle_redirect_callback(None).await?;
        match client.get_agent().await? {
            Some(agent) if agent.access.has_access_in("org_x", "write", "projects.tasks") => Ok(()),
            Some(_) => Ok(()),
            None => client.sign_in_redirect(&SignInOptions::new(client.options())).await,
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    wasm_bindgen_futures::spawn_local(async {
        if let Err(error) = app::run().await {
            web_sys::console::error_1(&error.to_string().into());
        }
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("build this example for wasm32-unknown-unknown");
}
