//! Whom the registry tells anything for others: what its operator allows, and nobody else.

use http::StatusCode;

use crate::config::rules::Rule;
use crate::config::spec::NotifySpec;
use crate::domain::target::{EMAIL, NTFY, PLUGIN, Target};
use crate::http::guard::{Exception, check_host};
use crate::registry::error::ApiError;

/// What the registry can tell people by, as its operator has set it up.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// How: servers, tokens, templates; nobody in particular.
    pub how: NotifySpec,
    /// URL of the registry, for messages.
    pub registry: String,
    /// Whom the site wants told.
    pub rules: Vec<Rule>,
    /// Further channels that others may use.
    pub channels: Vec<String>,
    /// Plugins that others may use.
    pub plugins: Vec<String>,
    /// Domains to which mail may go; nothing for any.
    pub mail_domains: Vec<String>,
    /// What of the inner network may be reached for others.
    pub hosts: Vec<Exception>,
}

/// Why nothing is sent to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAllowed {
    /// 400 for what is no target, 403 for what is not allowed, 422 for what is not set up.
    pub status: StatusCode,
    /// Why; never a secret of the target.
    pub reason: String,
    /// What its operator, or whoever asks, can do.
    pub hint: String,
}

impl NotAllowed {
    fn new(status: u16, reason: impl Into<String>, hint: impl Into<String>) -> NotAllowed {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        NotAllowed { status, reason: reason.into(), hint: hint.into() }
    }
}

impl Channels {
    /// Whether it can send mail.
    pub fn email(&self) -> bool {
        self.how.smtp.is_some()
    }

    /// Whether it has an ntfy server.
    pub fn ntfy(&self) -> bool {
        self.how.ntfy_server.is_some()
    }

    /// Names of the channels that others may use.
    pub fn names(&self) -> Vec<String> {
        let own = [(EMAIL, self.email()), (NTFY, self.ntfy())];
        let own = own.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned());
        let plugin = (!self.plugins.is_empty()).then(|| PLUGIN.to_owned());
        let mut names: Vec<String> = own.collect();
        for name in self.channels.iter().cloned().chain(plugin) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether others may have this target told.
    ///
    /// # Errors
    /// As [`Channels::allowed`], for a request.
    pub fn check(&self, text: &str) -> Result<(), ApiError> {
        let refused = |no: NotAllowed| {
            ApiError::new(no.status, format!("notify: {}", no.reason)).hint(no.hint)
        };
        self.allowed(text).map(drop).map_err(refused)
    }

    /// A target that others may have told. One that names the operator's ntfy server becomes a
    /// topic there.
    ///
    /// # Errors
    /// What is no target, what the operator does not allow, and what is not set up.
    pub fn allowed(&self, text: &str) -> Result<Target, NotAllowed> {
        let wrong = |why: String| NotAllowed::new(400, why, "as mailto:ADDRESS or ntfy://TOPIC");
        let target = Target::parse(text).map_err(wrong)?;
        let query = target.query();
        let reads = query.contains_key("file") || query.contains_key("env");
        if target.elsewhere().is_some() || reads && target.channel() != PLUGIN {
            return Err(NotAllowed::new(
                400,
                "a target in a file or a variable is read where it is used, and not by the registry",
                "send what stands in it",
            ));
        }
        match target.channel() {
            EMAIL => self.mail(target),
            NTFY if self.is_own_topic(&target) => self.topic(&target),
            PLUGIN => self.plugin(target),
            _ => self.other(target),
        }
    }

    /// Whether a target leads to servers of the operator's alone, which are trusted: mail goes
    /// by their SMTP server, and topics are at their ntfy server.
    pub fn is_own(&self, target: &Target) -> bool {
        target.channel() == EMAIL || target.channel() == NTFY && target.parts().is_empty()
    }

    /// A topic without a server, or at the operator's.
    fn is_own_topic(&self, target: &Target) -> bool {
        let own = self.how.ntfy_server.as_deref().unwrap_or_default();
        target.parts().is_empty() || target.base() == own.trim_end_matches('/')
    }

    fn mail(&self, target: Target) -> Result<Target, NotAllowed> {
        if !self.email() {
            return Err(not_set_up("mail", "notify.smtp"));
        }
        let address = target.address().unwrap_or_default();
        crate::config::units::email(address)
            .map_err(|why| NotAllowed::new(400, why, "a plain address, as you@example.org"))?;
        let domain = address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let fits = |allowed: &String| {
            let allowed = allowed.to_ascii_lowercase();
            match allowed.strip_prefix("*.") {
                Some(rest) => domain.strip_suffix(rest).is_some_and(|head| head.ends_with('.')),
                None => domain == allowed,
            }
        };
        match self.mail_domains.is_empty() || self.mail_domains.iter().any(fits) {
            true => Ok(target),
            false => Err(NotAllowed::new(
                403,
                "this registry sends no mail to that domain",
                "its operator lists domains in notify.relay.mail_domains",
            )),
        }
    }

    fn topic(&self, target: &Target) -> Result<Target, NotAllowed> {
        if !self.ntfy() {
            return Err(not_set_up("ntfy", "notify.ntfy_server"));
        }
        let topic = target.parts().pop().unwrap_or_else(|| target.host());
        let plain = target.parts().len() <= 1 && target.user().is_empty();
        let rule = crate::config::units::topic(&topic);
        let rule = rule.and(plain.then_some(()).ok_or("only a topic can be named".to_owned()));
        let hint = "a topic has 1 to 64 letters, digits, - and _, as in ntfy://TOPIC";
        rule.map_err(|why| NotAllowed::new(400, why, hint))?;
        Target::parse(&Target::ntfy(&topic, None)).map_err(|why| NotAllowed::new(400, why, hint))
    }

    fn plugin(&self, target: Target) -> Result<Target, NotAllowed> {
        match self.plugins.contains(&target.host()) {
            true => Ok(target),
            false => Err(NotAllowed::new(
                403,
                "this registry runs no such plugin for others",
                "its operator lists plugins in notify.relay.plugins",
            )),
        }
    }

    fn other(&self, target: Target) -> Result<Target, NotAllowed> {
        let channel = target.channel();
        if !self.channels.iter().any(|known| known == channel) {
            let all = self.names().join(", ");
            let hint = "its operator lists channels in notify.relay.channels";
            return Err(NotAllowed::new(
                403,
                format!("this registry sends nothing by {channel} for others"),
                if all.is_empty() { hint.to_owned() } else { format!("{hint}; now: {all}") },
            ));
        }
        // What is connected to is looked at when it is; this is to say it at once.
        let host = target.host();
        if !host.is_empty() {
            check_host(&host, &self.hosts).map_err(|why| {
                let hint = "its operator lists hosts and networks in notify.relay.hosts";
                NotAllowed::new(
                    403,
                    format!("{channel}: nothing is sent to that host: {why}"),
                    hint,
                )
            })?;
        }
        Ok(target)
    }
}

fn not_set_up(what: &str, key: &str) -> NotAllowed {
    NotAllowed::new(
        422,
        format!("this registry can't tell anybody by {what}"),
        format!("its operator sets {key} in the registry's configuration"),
    )
}
