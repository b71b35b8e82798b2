//! What is asked for by HTTP: pages, sources that publish, and viewers' WebSockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures_util::StreamExt;
use serde::Deserialize;
use websocket_proto_axum::{Config, WebSocketUpgrade};

use crate::hall::{Hall, Name};
use crate::publish::in_time;
use crate::viewer::{MAX_MESSAGE_LEN, watch};

/// What all requests share.
#[derive(Debug)]
pub struct Site {
    pub hall: Hall,
    /// What a source from elsewhere has to know.
    pub key: Option<String>,
    pub origins: Vec<String>,
    /// The player for FLV, which is not ours.
    pub player: Option<Vec<u8>>,
    pub quiet: bool,
}

pub fn router(site: Arc<Site>) -> Router {
    let script = |text: &'static str| get(move || async move { typed("text/javascript", text) });
    Router::new()
        .route("/", get(|| async { typed("text/html; charset=utf-8", include_str!("../page/index.html")) }))
        .route("/style.css", get(|| async { typed("text/css", include_str!("../page/style.css")) }))
        .route("/icon.svg", get(|| async { typed("image/svg+xml", include_str!("../page/icon.svg")) }))
        .route("/app.js", script(include_str!("../page/app.js")))
        .route("/list.js", script(include_str!("../page/list.js")))
        .route("/flv.js", script(include_str!("../page/flv.js")))
        .route("/mp4.js", script(include_str!("../page/mp4.js")))
        .route("/fly.js", script(include_str!("../page/fly.js")))
        .route("/mpegts.js", get(player))
        .route("/channels", get(channels))
        .route("/watch/{name}", any(viewer))
        .route("/publish/{name}", post(publish).put(publish))
        .with_state(site)
}

fn typed(kind: &'static str, text: impl Into<Body>) -> Response {
    let policy = "default-src 'self'; media-src blob:; worker-src blob:; object-src 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)], text.into()).into_response()
}

/// A status, and a line that says why.
fn refuse(status: StatusCode, why: impl std::fmt::Display) -> Response {
    (status, format!("{why}\n")).into_response()
}

fn unnamed() -> Response {
    refuse(StatusCode::NOT_FOUND, "expected a channel's name of 1 to 32 small letters, digits and hyphens")
}

async fn player(State(site): State<Arc<Site>>) -> Response {
    match &site.player {
        Some(script) => typed("text/javascript", script.clone()),
        None => refuse(StatusCode::NOT_FOUND, "the server was started without --player: only MP4 can be shown"),
    }
}

async fn channels(State(site): State<Arc<Site>>) -> Response {
    let list: Vec<_> = site
        .hall
        .list()
        .into_iter()
        .map(|(name, is_live, viewers)| serde_json::json!({ "name": name, "live": is_live, "viewers": viewers }))
        .collect();
    typed("application/json", serde_json::Value::from(list).to_string())
}

/// The page, and the WebSocket that it opens at its own address.
async fn viewer(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    upgrade: Option<WebSocketUpgrade>,
) -> Result<Response, Response> {
    let name: Name = name.parse().map_err(|()| unnamed())?;
    let Some(upgrade) = upgrade else {
        return Ok(typed("text/html; charset=utf-8", include_str!("../page/watch.html")));
    };
    let channel = site
        .hall
        .channel(&name)
        .ok_or_else(|| refuse(StatusCode::SERVICE_UNAVAILABLE, "there are too many channels"))?;
    let mut config = Config::default();
    config.limits.max_message_len = MAX_MESSAGE_LEN;
    let upgrade = if site.origins.is_empty() { upgrade } else { upgrade.allow_origins(site.origins.clone()) };
    Ok(upgrade.config(config).on_upgrade(async move |socket| {
        let (end, skipped) = watch(socket, &config, channel).await;
        if !site.quiet {
            let end = end.map_or_else(|error| error.to_string(), |()| "gone".into());
            println!("{name}: viewer {peer}: {end}; {skipped} units skipped");
        }
    }))
}

#[derive(Deserialize)]
struct Credentials {
    key: Option<String>,
}

/// A source: `ffmpeg … -f flv -method POST http://…/publish/NAME`.
async fn publish(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    Query(credentials): Query<Credentials>,
    body: Body,
) -> Result<Response, Response> {
    let name: Name = name.parse().map_err(|()| unnamed())?;
    let allowed = match &site.key {
        Some(key) => credentials.key.as_ref() == Some(key),
        None => peer.ip().is_loopback(),
    };
    if !allowed {
        return Err(refuse(StatusCode::FORBIDDEN, "expected the key of the server: /publish/NAME?key=KEY"));
    }
    let mut publication = site.hall.publish(&name).map_err(|why| refuse(StatusCode::CONFLICT, why))?;
    let mut parts = body.into_data_stream();
    let say = |what: &dyn std::fmt::Display| {
        if !site.quiet {
            println!("{name}: source {peer}: {what}")
        }
    };
    say(&"begins");
    let end = loop {
        match in_time(parts.next()).await {
            Ok(Some(Ok(part))) => {
                if let Err(broken) = publication.push(&part) {
                    break Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, broken));
                }
            }
            Ok(None) => break Ok(StatusCode::NO_CONTENT.into_response()),
            Ok(Some(Err(error))) => break Err(refuse(StatusCode::BAD_REQUEST, error)),
            Err(silent) => break Err(refuse(StatusCode::REQUEST_TIMEOUT, silent)),
        }
    };
    say(&"gone");
    end
}
