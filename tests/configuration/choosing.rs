//! How a provider is chosen from a configuration: environments, applications, overrides, and references to secrets.

use crate::configured::*;
use wasm_oidc::configuration::Choice;
use wasm_oidc::error::{Code, Error};
use wasm_oidc::protocol::json::parse_object;

const ENVIRONMENTS: &str = r#"{
    "environmentVariable": "SATORBIS_ENV",
    "providers": { "satorbis": {
        "clientId": "notebook", "scopes": "openid profile email offline_access",
        "environments": {
            "prod": { "issuer": "https://auth.satorbis.example", "projectIds": { "spatial_engine": "111" } },
            "dev": { "issuer": "https://auth.dev.satorbis.example", "clientId": "notebook-dev",
                "project_ids": { "spatial_engine": "222", "atlas": "333" } }
        } } }
}"#;

fn issuer_in(environment: Option<&str>, variable: Option<&str>, text: &str) -> Result<(String, String), Error> {
    let choice = Choice { environment, ..Choice::default() };
    let lookup = |name: &str| variable.filter(|_| name == "SATORBIS_ENV").map(str::to_owned);
    let chosen = read(text)?.choose(&choice, &lookup, &nothing)?;
    Ok((chosen.environment.clone().unwrap_or_default(), option(&chosen, "issuer")))
}

#[test]
fn an_environment_comes_from_the_option_then_the_variable_then_the_default_then_prod() {
    let (prod, dev) = ("\"https://auth.satorbis.example\"", "\"https://auth.dev.satorbis.example\"");
    let with_default = ENVIRONMENTS.replace("\"environments\"", "\"defaultEnvironment\":\"dev\",\"environments\"");
    let is = |environment: &str, issuer: &str| Ok((environment.to_owned(), issuer.to_owned()));
    assert_eq!(issuer_in(Some("prod"), Some("dev"), &with_default), is("prod", prod));
    assert_eq!(issuer_in(None, Some("prod"), &with_default), is("prod", prod));
    assert_eq!(issuer_in(None, None, &with_default), is("dev", dev));
    assert_eq!(issuer_in(None, Some(""), &with_default), is("dev", dev));
    assert_eq!(issuer_in(None, None, ENVIRONMENTS), is("prod", prod));
    assert_eq!(issuer_in(None, Some("dev"), ENVIRONMENTS), is("dev", dev));
    let without_prod = ENVIRONMENTS.replace("\"prod\"", "\"production\"");
    assert!(message(issuer_in(None, None, &without_prod)).contains("unknown environment \"prod\""));
}

#[test]
fn an_unknown_environment_is_told_with_the_nearest_one_but_the_value_of_a_variable_is_not() {
    let told = message(issuer_in(Some("de"), None, ENVIRONMENTS));
    assert_eq!(
        told,
        "providers.satorbis: unknown environment \"de\"; did you mean \"dev\"? (known: \"prod\", \"dev\")"
    );
    let told = message(issuer_in(None, Some("hunter2"), ENVIRONMENTS));
    assert!(told.contains("\"SATORBIS_ENV\" names no environment") && !told.contains("hunter2"), "{told}");
    let told = message(choose(TWO, &Choice { environment: Some("dev"), ..Choice::default() }));
    assert_eq!(told, "providers.corporate: unknown environment \"dev\" (there is none)");
    // A variable says nothing to a provider without environments.
    let common = TWO.replace("\"defaultProvider\"", "\"environmentVariable\":\"SATORBIS_ENV\",\"defaultProvider\"");
    assert_eq!(issuer_in(None, Some("dev"), &common).unwrap().0, "");
}

fn scopes(text: &str, environment: &str, application: &str) -> Result<String, Error> {
    let choice = Choice { environment: Some(environment), application: Some(application), ..Choice::default() };
    Ok(option(&choose(text, &choice)?, "scopes"))
}

#[test]
fn the_project_id_of_an_application_adds_its_audience_scope_once() {
    let audience = "urn:zitadel:iam:org:project:id:222:aud";
    let expected = format!(r#"["openid","profile","email","offline_access","{audience}"]"#);
    assert_eq!(scopes(ENVIRONMENTS, "dev", "spatial_engine").unwrap(), expected);
    let twice = ENVIRONMENTS.replace("email offline_access", &format!("email offline_access {audience}"));
    assert_eq!(scopes(&twice, "dev", "spatial_engine").unwrap(), expected);
    // An application without a project here, and no application.
    assert_eq!(scopes(ENVIRONMENTS, "prod", "atlas").unwrap(), "[\"openid\",\"profile\",\"email\",\"offline_access\"]");
    let none = chosen(ENVIRONMENTS, &Choice::default());
    assert_eq!(option(&none, "scopes"), "[\"openid\",\"profile\",\"email\",\"offline_access\"]");
    let told = message(scopes(ENVIRONMENTS, "dev", "spatial"));
    assert_eq!(told, "providers.satorbis: unknown application \"spatial\" (known: \"spatial_engine\", \"atlas\")");
}

#[test]
fn a_project_id_can_stand_at_the_application_for_all_environments_or_by_environment() {
    let with = |applications: &str| {
        format!(
            r#"{{"providers":{{"p":{{"issuer":"https://op.example","clientId":"a","applications":{applications}}}}}}}"#
        )
    };
    let choice = Choice { application: Some("app"), ..Choice::default() };
    let usual = "\"openid\",\"profile\",\"email\"";
    let audience = "\"urn:zitadel:iam:org:project:id:7:aud\"";
    let one = chosen(&with(r#"{"app":{"projectId":"7"}}"#), &choice);
    assert_eq!(option(&one, "scopes"), format!("[{usual},{audience}]"));
    let by_environment = with(r#"{"app":{"projectId":{"prod":"7","dev":"8"}}}"#);
    assert_eq!(option(&chosen(&by_environment, &choice), "scopes"), format!("[{usual},{audience}]"));
    assert_eq!(scopes(&by_environment, "dev", "app").unwrap(), format!("[{usual},{}]", audience.replace('7', "8")));
    assert_eq!(option(&chosen(&with(r#"{"app":{}}"#), &choice), "scopes"), "");
    for id in ["7 openid", "7:aud", "a\\\"b"] {
        let told = message(choose(&with(&format!(r#"{{"app":{{"projectId":"{id}"}}}}"#)), &choice));
        assert!(told.contains("a project id has letters"), "{told}");
    }
}

#[test]
fn overrides_win_field_by_field_by_any_name_and_nothing_in_them_is_a_reference() {
    let overrides =
        parse_object(br#"{"client_id":"override-id","token_url":"https://other.example/t","clientSecret":"${A}b"}"#)
            .unwrap();
    let choice = Choice { provider: Some("github"), overrides: Some(&overrides), ..Choice::default() };
    let github = chosen(TWO, &choice);
    assert_eq!(option(&github, "clientId"), "\"override-id\"");
    assert_eq!(option(&github, "clientSecret"), "\"${A}b\"");
    assert_eq!(
        option(&github, "metadata"),
        r#"{"authorization_endpoint":"https://github.com/login/oauth/authorize","token_endpoint":"https://other.example/t"}"#
    );
    let overrides = parse_object(br#"{"clientID":"x"}"#).unwrap();
    let told = message(choose(TWO, &Choice { overrides: Some(&overrides), ..Choice::default() }));
    assert!(told.contains("clientID: unknown key; did you mean \"clientId\"?"), "{told}");
}

#[test]
fn references_are_resolved_for_the_provider_that_is_used_and_no_other() {
    let variables = |name: &str| {
        Some(match name {
            "GITHUB_ID" => "Iv1.1 ${HOST}".to_owned(),
            "SCOPE" => "read:user".to_owned(),
            "HOST" => "github.com".to_owned(),
            "FILE" => "secrets".to_owned(),
            name => panic!("{name} is not used"),
        })
    };
    let choice = Choice { provider: Some("github"), ..Choice::default() };
    let configuration = read(SECRETS).unwrap();
    let waiting = configuration.choose(&choice, &variables, &nothing).unwrap().waiting;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].reference, "sops://secrets.yaml#github.secret");
    assert_eq!((waiting[0].scheme.as_str(), waiting[0].path.as_str()), ("sops", "providers.github.client_secret"));
    let secret =
        |reference: &str| (reference == "sops://secrets.yaml#github.secret").then(|| "vault://hush ${X}".to_owned());
    let github = configuration.choose(&choice, &variables, &secret).unwrap();
    assert!(github.waiting.is_empty());
    // What a reference stands for is taken as it is.
    assert_eq!(option(&github, "clientSecret"), "\"vault://hush ${X}\"");
    assert_eq!(option(&github, "clientId"), "\"Iv1.1 ${HOST}\"");
    assert_eq!(option(&github, "scopes"), r#"["a","read:user","api://app/read"]"#);
    assert!(option(&github, "metadata").contains("https://github.com/authorize"));
}

#[test]
fn a_variable_that_there_is_not_is_named_and_one_that_makes_no_url_is_not_shown() {
    let choice = Choice { provider: Some("other"), ..Choice::default() };
    let error = choose(SECRETS, &choice).err().unwrap();
    assert_eq!(error.code(), Code::MissingOption);
    assert!(error.failure().message.starts_with("providers.other.clientId: the variable \"UNSET\""), "{error}");
    let choice = Choice { provider: Some("github"), ..Choice::default() };
    let told = message(read(SECRETS).unwrap().choose(&choice, &|_| Some("hunter2 /".to_owned()), &nothing));
    assert!(told.contains("authorize_url: the URL holds a character") && !told.contains("hunter2"), "{told}");
    let told = message(read(SECRETS).unwrap().choose(&choice, &|_| Some(String::new()), &nothing));
    assert!(told.contains("client_id: the reference stands for an empty text"), "{told}");
}

#[test]
fn what_an_override_or_an_environment_replaces_is_not_resolved() {
    for overrides in [r#"{"clientId":"a","client_secret":"b"}"#, r#"{"clientId":"a","clientAuth":{"method":"none"}}"#] {
        let overrides = parse_object(overrides.as_bytes()).unwrap();
        let choice = Choice { provider: Some("other"), overrides: Some(&overrides), ..Choice::default() };
        assert!(chosen(SECRETS, &choice).waiting.is_empty());
    }
    let overrides = parse_object(br#"{"clientId":"a"}"#).unwrap();
    let without = ["clientAuth".to_owned()];
    let choice =
        Choice { provider: Some("other"), overrides: Some(&overrides), without: &without, ..Choice::default() };
    let other = chosen(SECRETS, &choice);
    assert!(other.waiting.is_empty() && other.options.get("clientSecret").is_none());
}

#[test]
fn a_secret_is_refused_in_a_page_before_anybody_resolves_it() {
    let overrides = parse_object(br#"{"clientId":"a"}"#).unwrap();
    let choice = Choice { provider: Some("other"), overrides: Some(&overrides), in_page: true, ..Choice::default() };
    let secret = |reference: &str| panic!("{reference} is resolved");
    let error = read(SECRETS).unwrap().choose(&choice, &nothing, &nothing).err().unwrap();
    assert_eq!(error.code(), Code::SecretInBrowser);
    assert!(error.failure().message.starts_with("providers.other: "), "{error}");
    let _: &dyn Fn(&str) -> Option<String> = &secret;
}
