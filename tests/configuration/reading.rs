//! One document for several providers: what it may say, and how mistakes in it are told.

use crate::configured::*;
use wasm_oidc::client::ClientOptions;
use wasm_oidc::configuration::Choice;
use wasm_oidc::error::Code;
use wasm_oidc::protocol::json::{Json, Object, parse};

#[test]
fn the_default_provider_is_the_one_that_the_document_says_or_the_only_one() {
    assert_eq!(read(TWO).unwrap().default_provider().unwrap(), "corporate");
    assert_eq!(read(TWO).unwrap().providers().collect::<Vec<_>>(), ["corporate", "github"]);
    let one = r#"{"providers":{"only":{"issuer":"https://op.example","clientId":"spa"}}}"#;
    assert_eq!(read(one).unwrap().default_provider().unwrap(), "only");
    let none = TWO.replace("\"defaultProvider\": \"corporate\",", "");
    let error = choose(&none, &Choice::default()).err().unwrap();
    assert_eq!(error.code(), Code::MissingOption);
    assert!(error.failure().message.contains(r#"known: "corporate", "github""#), "{error}");
}

#[test]
fn a_provider_that_there_is_not_is_named_with_the_nearest_one_and_those_there_are() {
    let choice = Choice { provider: Some("corprate"), ..Choice::default() };
    let error = choose(TWO, &choice).err().unwrap();
    assert_eq!(error.code(), Code::UnknownOption);
    assert_eq!(
        error.failure().message,
        r#"unknown provider "corprate"; did you mean "corporate"? (known: "corporate", "github")"#
    );
    let (code, message) = refusal(&TWO.replace("\"corporate\",", "\"corporat\","));
    assert_eq!(code, Code::UnknownOption);
    assert!(
        message.contains(r#"at defaultProvider: unknown provider (known: "corporate", "github"); did you mean"#),
        "{message}"
    );
}

#[test]
fn an_unknown_key_is_told_with_the_path_to_it_and_the_nearest_known_one() {
    for (from, to, told) in [
        ("\"issuer\"", "\"isuer\"", "providers.corporate.isuer: unknown key; did you mean \"issuer\"?"),
        ("\"token_url\"", "\"token_ulr\"", "providers.github.token_ulr: unknown key; did you mean \"token_url\"?"),
        ("\"clientId\"", "\"clientID\"", "providers.corporate.clientID: unknown key; did you mean \"clientId\"?"),
        (
            "\"defaultProvider\"",
            "\"defaultProvidr\"",
            "at defaultProvidr: unknown key; did you mean \"defaultProvider\"?",
        ),
        ("\"issuer\"", "\"something else\"", "providers.corporate[\"something else\"]: unknown key"),
        ("\"issuer\"", "\"__proto__\"", "providers.corporate.__proto__: unknown key"),
    ] {
        let (code, message) = refusal(&TWO.replace(from, to));
        assert_eq!(code, Code::UnknownOption);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn every_mistake_is_told_the_first_one_first_and_no_more_than_anybody_reads() {
    let (code, message) =
        refusal(r#"{"providers":{"a":{"timeout":0,"isuer":"x"},"b":{"pkce":false}},"defaultProvider":"c"}"#);
    assert_eq!(code, Code::InvalidOption);
    let places: Vec<_> = ["providers.a.timeout", "providers.a.isuer", "providers.b.pkce", "defaultProvider"]
        .map(|path| message.find(path).unwrap_or_else(|| panic!("{path}: {message}")))
        .into();
    assert!(places.is_sorted(), "{message}");
    let many: Vec<String> = (0..1000).map(|at| format!("\"{at}\":{{\"x\":1}}")).collect();
    let (_, message) = refusal(&format!("{{\"providers\":{{{}}}}}", many.join(",")));
    assert!(message.ends_with("; and 990 more") && message.len() < 2000, "{message}");
}

#[test]
fn a_wrong_value_is_told_with_what_was_expected_and_never_repeated() {
    for (member, told) in [
        (r#""clientId":7"#, "clientId: expected a string that is not empty, got number"),
        (r#""clientId":"""#, "clientId: expected a string that is not empty, got string"),
        (r#""client_secret":{"a":"hunter2"}"#, "client_secret: expected a string that is not empty, got object"),
        (r#""issuer":"hunter2""#, "issuer: the URL must start with https://"),
        (r#""issuer":"https://ada:hunter2@op.example""#, "issuer: the URL must hold no user name or password"),
        (r#""issuer":"https://op.example?hunter2""#, "issuer: the URL must have no query"),
        (
            r#""token_endpoint":"http://op.example/hunter2""#,
            "token_endpoint: the URL must start with https://; http is for loopback",
        ),
        (r#""metadata":{"token_endpoint":"hunter2"}"#, "metadata.token_endpoint: the URL must start with https://"),
        (r#""scopes":[1]"#, "scopes[0]: expected a string that is not empty, got number"),
        (r#""scopes":7"#, "scopes: expected a list of strings, or one string with spaces, got number"),
        (r#""timeout":"hunter2""#, "timeout: expected whole seconds from 1 to 600, got string"),
        (r#""type":"hunter2""#, "type: expected \"oidc\" or \"oauth2\", got string"),
        (r#""algorithms":["HS256"]"#, "algorithms[0]: expected an asymmetric JWS algorithm"),
        (r#""algorithms":[]"#, "algorithms: is empty"),
        (r#""pkce":"yes""#, "pkce: expected true, got string"),
        (r#""pkce":false"#, "pkce: cannot be false: PKCE with S256 is always used"),
        (r#""ssl_verify":false"#, "ssl_verify: cannot be false: certificates are always checked"),
        (r#""clientSecret":"${hunter2"#, "clientSecret: \"${\" begins no reference"),
        (
            r#""clientAuth":{"method":"none","clientSecret":"hunter2"}"#,
            "clientAuth: the method \"none\" takes no client secret",
        ),
        (
            r#""clientAuth":{"method":"client_secret_post"}"#,
            "clientAuth: expected \"clientSecret\" beside such a method",
        ),
        (r#""clientAuth":{"method":"private_key_jwt"}"#, "clientAuth: expected \"key\" beside such a method"),
        (
            r#""clientAuth":{"method":"private_key_jwt","key":"hunter2","clientSecret":"hunter2"}"#,
            "clientAuth: the method \"private_key_jwt\" takes no client secret",
        ),
        (
            r#""clientAuth":{"method":"client_secret_jwt","key":"hunter2","clientSecret":"hunter2"}"#,
            "clientAuth: only the method \"private_key_jwt\" takes a key",
        ),
        (
            r#""clientAuth":{"method":"none","key":"hunter2"}"#,
            "clientAuth: only the method \"private_key_jwt\" takes a key",
        ),
        (r#""clientAuth":{"clientSecret":"hunter2"}"#, "clientAuth: expected a \"method\""),
        (r#""clientAuth":{"method":"client_secret_basic","secret":"hunter2"}"#, "clientAuth.secret: unknown key"),
        (r#""storage":"cookie""#, "storage: unknown kind of storage (known: \"memory\", \"session\", \"local\""),
        (r#""storage":"fiel""#, "did you mean \"file\"?"),
        (r#""storage":{"kind":"file"}"#, "storage.path: is missing"),
        (r#""storage":"file""#, "storage: the storage \"file\" needs an object with \"kind\" and \"path\""),
        (r#""storage":{"kind":"memory","path":"/tmp/a"}"#, "storage.path: unknown key"),
        (r#""storage":{"path":"/tmp/a"}"#, "storage: expected a \"kind\""),
        (r#""redirectPort":0"#, "redirectPort: expected a port from 1 to 65535"),
        (
            r#""redirectPort":4200,"redirect_uri":"http://localhost/cb""#,
            "redirectPort: says the same as \"redirectUri\"",
        ),
        (r#""clientId":"a","client_id":"b""#, "client_id: says the same as \"clientId\" beside it"),
        (r#""clientSecret":"a","clientAuth":{"method":"none"}"#, "clientSecret: belongs into \"clientAuth\""),
        (
            r#""jwks_uri":"https://op.example/k","metadata":{"jwks_uri":"https://op.example/l"}"#,
            "jwks_uri: says the same as \"metadata\"",
        ),
        (r#""environments":[]"#, "environments: expected an object, got array"),
        (r#""environments":{"prod":7}"#, "environments.prod: expected an object, got number"),
        (r#""environments":{"":{}}"#, "a name must not be empty"),
        (r#""environments":{"prod":{"environments":{}}}"#, "environments.prod.environments: unknown key"),
        (
            r#""environments":{"prod":{}},"defaultEnvironment":"prd""#,
            "defaultEnvironment: unknown environment (known: \"prod\"); did you mean \"prod\"?",
        ),
        (r#""applications":{"app":{"project":"1"}}"#, "applications.app.project: unknown key"),
        (
            r#""environments":{"prod":{}},"applications":{"app":{"projectId":{"prdo":"1"}}}"#,
            "applications.app.projectId.prdo: unknown environment",
        ),
    ] {
        let (_, message) =
            refusal(&format!("{{\"providers\":{{\"p\":{{{member}}}}}}}").replace("\"${hunter2", "\"${hunter2\""));
        assert!(message.contains(told), "{member}: {message}");
        assert!(message.contains("providers.p"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    assert!(refusal("{}").1.contains("providers: is missing"));
    assert!(refusal(r#"{"providers":null}"#).1.contains("providers: is missing"));
    assert!(refusal(r#"{"providers":[]}"#).1.contains("providers: expected an object, got array"));
}

#[test]
fn names_of_the_standard_and_those_that_others_use_mean_the_same() {
    let endpoints = [
        ("authorization_endpoint", vec!["authorizationEndpoint", "authorize_url", "authorization_url", "authorizeUrl"]),
        ("token_endpoint", vec!["tokenEndpoint", "token_url", "tokenUrl"]),
        ("userinfo_endpoint", vec!["userinfoEndpoint", "userinfo_url", "userInfoEndpoint"]),
        ("jwks_uri", vec!["jwksUri", "jwks_url"]),
        ("end_session_endpoint", vec!["endSessionEndpoint", "end_session_url", "logout_url"]),
        ("revocation_endpoint", vec!["revocationEndpoint", "revocation_url", "revoke_url"]),
        ("introspection_endpoint", vec!["introspectionEndpoint", "introspection_url"]),
        ("device_authorization_endpoint", vec!["deviceAuthorizationEndpoint", "device_authorization_url"]),
    ];
    for (member, names) in endpoints {
        for name in names.into_iter().chain([member]) {
            let text = format!(
                r#"{{"providers":{{"p":{{"issuer":"https://op.example","client_id":"a","{name}":"https://op.example/x"}}}}}}"#
            );
            let metadata = option(&chosen(&text, &Choice::default()), "metadata");
            assert_eq!(metadata, format!(r#"{{"{member}":"https://op.example/x"}}"#), "{name}");
        }
    }
    let text = r#"{"default_provider":"p","providers":{"p":{"issuer":"https://op.example","client_id":"a","verify_jwt":false,
        "callback_timeout":120,"timeout":7,"retry_on_401":false,"auto_refresh":false,"api_origins":["https://api.example"],
        "redirect_port":4200,"pkce":true,"ssl_verify":true}}}"#;
    let options = ClientOptions::from_json(&chosen(text, &Choice::default()).options, false).unwrap();
    assert!(!options.verify_signature && !options.retry_on_401 && !options.auto_refresh);
    assert_eq!((options.callback_timeout, options.timeout), (120, 7));
    assert_eq!(options.redirect_uri.as_deref(), Some("http://127.0.0.1:4200/callback"));
    assert_eq!(options.name.as_deref(), Some("p"));
}

#[test]
fn what_makes_no_client_is_told_with_the_provider() {
    let text = r#"{"providers":{"p":{"clientId":"a"},"q":{"issuer":"https://op.example"}}}"#;
    for (name, told) in
        [("p", "providers.p: option \"issuer\" is missing"), ("q", "providers.q: option \"clientId\" is missing")]
    {
        let error = choose(text, &Choice { provider: Some(name), ..Choice::default() }).err().unwrap();
        assert_eq!(error.code(), Code::MissingOption);
        assert!(error.failure().message.starts_with(told), "{error}");
    }
}

#[test]
fn a_storage_is_a_word_or_an_object_of_the_document_the_provider_or_the_environment() {
    let with = |common: &str, own: &str| {
        let text = format!(r#"{{{common}"providers":{{"p":{{"issuer":"https://op.example","clientId":"a"{own}}}}}}}"#);
        let chosen = chosen(&text, &Choice::default());
        (chosen.storage.to_string(), option(&chosen, "storage"))
    };
    let is = |storage: &str, option: &str| (storage.to_owned(), option.to_owned());
    assert_eq!(with("", ""), is("\"memory\"", "\"memory\""));
    assert_eq!(with(r#""storage":"local","#, ""), is("\"local\"", "\"local\""));
    assert_eq!(with(r#""storage":"local","#, r#","storage":{"kind":"session"}"#), is("\"session\"", "\"session\""));
    let file = r#"{"kind":"file","path":"/var/tokens.json"}"#;
    assert_eq!(with(&format!("\"storage\":{file},"), ""), is(file, "\"custom\""));
    assert_eq!(
        with("", r#","storage":{"type":"encrypted","name":"mine"}"#),
        is(r#"{"kind":"encrypted","name":"mine"}"#, "\"custom\"")
    );
    assert_eq!(with("", r#","storage":"encrypted""#), is("\"encrypted\"", "\"custom\""));
    let sops = r#""token_storage":"sops","sops":{"path":"~/.config/kstlib/tokens.sops.yml"},"#;
    let (storage, _) = with(sops, "");
    assert_eq!(parse(&storage).unwrap().to_string(), r#"{"path":"~/.config/kstlib/tokens.sops.yml","kind":"sops"}"#);
    let encrypted = with("", r#","storage":{"kind":"encrypted_file","path":"/t","passphrase":"vault://key"}"#);
    assert_eq!(encrypted.0, r#"{"kind":"encryptedFile","path":"/t","passphrase":"vault://key"}"#);
}

#[test]
fn the_configurations_of_the_documents_are_read_as_they_are() {
    for provider in [
        r#""corporate":{"type":"oidc","issuer":"https://idp.corp.local/realms/main","client_id":"my-app","scopes":["openid","profile","email"],"pkce":true}"#,
        r#""github":{"type":"oauth2","authorization_endpoint":"https://github.com/login/oauth/authorize","token_endpoint":"https://github.com/login/oauth/access_token","client_id":"my-app","client_secret":"sops://secrets.yaml#github.secret"}"#,
        r#""github":{"type":"oauth2","authorize_url":"https://github.com/login/oauth/authorize","token_url":"https://github.com/login/oauth/access_token","client_id":"your-client-id","client_secret":"your-client-secret","scopes":["read:user","user:email"]}"#,
    ] {
        chosen(&format!(r#"{{"auth":{{"providers":{{{provider}}}}}}}"#), &Choice::default());
    }
    let (_, message) = refusal(r#"{"auth":{"providers":{"p":{"isuer":1}}},"other":1}"#);
    assert!(message.contains("at other: unknown key") && message.contains("auth.providers.p.isuer"), "{message}");
}

#[test]
fn a_client_of_the_chosen_options_is_what_the_document_says() {
    let corporate = chosen(TWO, &Choice::default());
    let options = ClientOptions::from_json(&corporate.options, true).unwrap();
    assert_eq!(options.issuer_name(), "https://sso.company.example/realms/main");
    assert_eq!((options.name.as_deref(), options.client_id.as_str()), (Some("corporate"), "my-app"));
}

#[test]
fn null_counts_as_absent_but_not_as_a_provider() {
    let text = r#"{"defaultProvider":null,"storage":null,"providers":{"p":{"issuer":"https://op.example","clientId":"a","clientSecret":null},"q":null}}"#;
    assert_eq!(read(text).unwrap().default_provider().unwrap(), "p");
    assert_eq!(option(&chosen(text, &Choice::default()), "clientSecret"), "");
}

#[test]
fn a_provider_as_it_is_written_keeps_its_references() {
    let configuration = read(SECRETS).unwrap();
    assert_eq!(
        configuration.provider("other").and_then(|other| other.get("clientSecret")),
        Some(&Json::String("vault://other".to_owned()))
    );
    assert_eq!(configuration.provider("nobody"), None::<&Object>);
}
