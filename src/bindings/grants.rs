//! Grants without a redirect: what the door of `tools.rs` hands on.

use std::cell::RefCell;
use std::rc::Rc;

use super::record::Record;
use super::records;
use crate::client::{
    Client, ClientCredentials, CustomGrant, DeviceOptions, DeviceSignIn, Exchanged, ExchangedToken, PasswordGrant,
    TokenExchange,
};
use crate::error::{Code, Error, Result};
use crate::host::JsHost;
use crate::protocol::json::{Json, Object};
use crate::session::TokenSet;

/// The sign-ins on devices that are under way: their codes stay in here.
#[derive(Clone, Default)]
pub(super) struct Devices(Rc<RefCell<Vec<UnderWay>>>);

type UnderWay = (u32, Rc<DeviceSignIn>);

impl Devices {
    fn keep(&self, id: u32, sign_in: DeviceSignIn) -> Rc<DeviceSignIn> {
        let sign_in = Rc::new(sign_in);
        self.0.borrow_mut().push((id, Rc::clone(&sign_in)));
        sign_in
    }

    fn find(&self, id: u32) -> Option<Rc<DeviceSignIn>> {
        self.0.borrow().iter().find(|(known, _)| *known == id).map(|(_, sign_in)| Rc::clone(sign_in))
    }

    fn forget(&self, id: u32) {
        self.0.borrow_mut().retain(|(known, _)| *known != id);
    }

    /// Ends a sign-in, if it is still under way.
    pub(super) fn cancel(&self, id: u32) {
        if let Some(sign_in) = self.find(id) {
            sign_in.cancel();
        }
    }
}

/// Does a job; `None` for one that is no grant.
pub(super) async fn later(
    client: &Client<JsHost>,
    devices: &Devices,
    job: &str,
    arguments: &Object,
) -> Option<Result<Json>> {
    Some(match job {
        "client_credentials" => client_credentials(client, arguments).await,
        "password_grant" => password_grant(client, arguments).await,
        "custom_grant" => custom_grant(client, arguments).await,
        "token_exchange" => token_exchange(client, arguments).await,
        "begin_device" => begin_device(client, devices, arguments).await,
        "device_agent" => device_agent(client, devices, arguments).await,
        "check_subject" => check_subject(client, arguments).await,
        _ => return None,
    })
}

/// The tokens that are renewed, where the grant is not the first.
fn old(arguments: &Object) -> Result<Option<TokenSet>> {
    arguments.object("tokens")?.map(TokenSet::from_json).transpose()
}

async fn client_credentials(client: &Client<JsHost>, arguments: &Object) -> Result<Json> {
    let options = ClientCredentials::from_json(arguments.required_object("options")?)?;
    Ok(records::renewed(&client.client_credentials(&options, old(arguments)?.as_ref()).await?))
}

async fn password_grant(client: &Client<JsHost>, arguments: &Object) -> Result<Json> {
    let grant = PasswordGrant::from_json(arguments.required_object("options")?, client.options())?;
    Ok(records::renewed(&client.password_grant(grant, old(arguments)?.as_ref()).await?))
}

async fn custom_grant(client: &Client<JsHost>, arguments: &Object) -> Result<Json> {
    let grant = CustomGrant::from_json(arguments.required_object("fields")?)?;
    Ok(records::renewed(&client.custom_grant(grant, old(arguments)?.as_ref()).await?))
}

async fn token_exchange(client: &Client<JsHost>, arguments: &Object) -> Result<Json> {
    let exchange = TokenExchange::from_json(arguments.required_object("options")?)?;
    let ExchangedToken { tokens, issued_token_type, agent } = client.token_exchange(exchange).await?;
    let mut record = match agent {
        Some(agent) => records::detached_record(&Exchanged { tokens, agent }),
        None => {
            let mut record = Record::default();
            record.text("tokensJson", Some(&tokens.to_json().to_string()));
            record
        }
    };
    record.text("issuedTokenType", Some(&issued_token_type));
    Ok(record.done())
}

/// What the wrapper calls a sign-in on a device.
fn id_of(arguments: &Object) -> Result<u32> {
    Ok(u32::try_from(arguments.required_seconds("id")?).unwrap_or_default())
}

async fn begin_device(client: &Client<JsHost>, devices: &Devices, arguments: &Object) -> Result<Json> {
    let options = DeviceOptions::from_json(arguments.required_object("options")?, client.options())?;
    let id = id_of(arguments)?;
    let sign_in = devices.keep(id, client.begin_device(options).await?);
    let shown = &sign_in.authorization;
    let mut record = Record::default();
    record.text("userCode", Some(&shown.user_code));
    record.text("verificationUri", Some(&shown.verification_uri));
    record.text("verificationUriComplete", shown.verification_uri_complete.as_deref());
    record.number("expiresAt", Some(sign_in.expires_at));
    record.number("intervalSeconds", Some(shown.interval));
    Ok(record.done())
}

async fn device_agent(client: &Client<JsHost>, devices: &Devices, arguments: &Object) -> Result<Json> {
    let id = id_of(arguments)?;
    let Some(sign_in) = devices.find(id) else {
        return Err(Error::new(Code::ExpiredToken, "this sign-in on a device is over"));
    };
    let exchanged = client.device_agent(&sign_in).await;
    devices.forget(id);
    Ok(records::detached(&exchanged?))
}

async fn check_subject(client: &Client<JsHost>, arguments: &Object) -> Result<Json> {
    let tokens = Rc::new(TokenSet::from_json(arguments.required_object("tokens")?)?);
    client.check_subject(arguments.required_string("expectedSub")?, &tokens).await?;
    Ok(Json::Null)
}
