//! Who may change what.

use std::net::IpAddr;

use crate::registry::error::Refused;

/// Who asked for an operation, for the audit. The default is the registry itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// Owner of the token, where one was shown.
    pub actor: Option<String>,
    /// The token's id.
    pub token: Option<String>,
    /// Address of the client.
    pub origin: Option<IpAddr>,
    /// Whose entries it may change.
    pub reach: Reach,
}

/// Whose entries somebody may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's: administrators, and whoever reaches a registry that asks for no tokens.
    #[default]
    All,
    /// Those of the owner whose token was shown.
    Own,
    /// Those that nobody's token stands for: whoever shows no token where the registry knows
    /// tokens.
    Unproven,
}

impl By {
    /// Whether an administrator's token was shown. Where no tokens are asked for, everybody may
    /// do everything, but is no administrator whom leases would have to give way to.
    pub fn is_admin(&self) -> bool {
        self.reach == Reach::All && self.token.is_some()
    }

    /// Whether it may change what belongs to `owner`. `proven` says that the owner's token, or
    /// an administrator's, was shown when it was registered, so that the name is no mere word.
    pub fn may_change(&self, owner: Option<&str>, proven: bool) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own => owner.is_none_or(|owner| self.actor.as_deref() == Some(owner)),
            Reach::Unproven => !proven,
        }
    }

    /// Whether it may change what belongs to `owner`, or to nobody: nodes, and everything else
    /// whose owner is only ever written down from a token.
    ///
    /// # Errors
    /// It is somebody else's.
    pub fn owns(&self, owner: Option<&str>) -> Result<(), Refused> {
        match self.may_change(owner, owner.is_some()) {
            true => Ok(()),
            false => Err(Refused::Foreign),
        }
    }

    /// Whether the lease of a node is no hindrance to change it, remove it or register it anew.
    /// A lease that is shown must be the current one, whoever shows it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_change_node(&self, held: Held<'_>, proof: Option<&Proof>) -> Result<(), Refused> {
        self.owns(held.owner)?;
        match (proof, held.lease) {
            (Some(proof), Some((generation, secret)))
                if proof.generation == generation && proof.secret_hash == secret =>
            {
                Ok(())
            }
            (Some(_), _) => Err(Refused::Stale),
            (None, None) => Ok(()),
            (None, Some(_)) => {
                let owner = self.actor.is_some() && self.actor.as_deref() == held.owner;
                let may = owner || self.is_admin() || !held.is_live;
                if may { Ok(()) } else { Err(Refused::NodeHeld) }
            }
        }
    }

    /// Whether it may beat for a node. Its owner's token is not enough: an older start of the
    /// same program has it too.
    ///
    /// # Errors
    /// Why not.
    pub fn may_beat(&self, held: Held<'_>, proof: Option<&Proof>) -> Result<(), Refused> {
        if proof.is_none() && held.lease.is_some() && !self.is_admin() {
            self.owns(held.owner)?;
            return Err(Refused::NodeHeld);
        }
        self.may_change_node(held, proof)
    }
}

/// What a client shows to prove that it holds a lease.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Generation of the lease.
    pub generation: u64,
    /// Hash of its secret.
    pub secret_hash: String,
}

/// What counts of a node when somebody wants to change it.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Its owner.
    pub owner: Option<&'a str>,
    /// Generation of its lease, and hash of the secret.
    pub lease: Option<(u64, &'a str)>,
    /// Whether its holder still holds it.
    pub is_live: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(owner: Option<&'static str>, lease: bool, is_live: bool) -> Held<'static> {
        Held { owner, lease: lease.then_some((7, "hash")), is_live }
    }

    fn proof(generation: u64) -> Proof {
        Proof { generation, secret_hash: "hash".to_owned() }
    }

    fn of(actor: &str, reach: Reach) -> By {
        let actor = Some(actor.to_owned());
        By { token: actor.clone(), actor, origin: None, reach }
    }

    #[test]
    fn a_live_lease_keeps_others_out_and_a_stale_one_counts_for_nobody() {
        let anybody = By::default();
        assert!(!anybody.is_admin(), "without tokens nobody is an administrator");
        let change = |by: &By, held, proof: Option<&Proof>| by.may_change_node(held, proof);
        assert_eq!(change(&anybody, held(None, false, true), None), Ok(()));
        assert_eq!(change(&anybody, held(None, true, true), None), Err(Refused::NodeHeld));
        assert_eq!(change(&anybody, held(None, true, false), None), Ok(()), "it is silent");
        assert_eq!(anybody.may_beat(held(None, true, false), None), Err(Refused::NodeHeld));
        assert_eq!(anybody.may_beat(held(None, true, true), Some(&proof(7))), Ok(()));
        let admin = of("root", Reach::All);
        assert_eq!(change(&admin, held(Some("ann"), true, true), None), Ok(()));
        let stale = proof(6);
        assert_eq!(change(&admin, held(None, true, false), Some(&stale)), Err(Refused::Stale));
        let taken_over = admin.may_beat(held(None, false, true), Some(&stale));
        assert_eq!(taken_over, Err(Refused::Stale));
    }

    #[test]
    fn with_tokens_only_the_owner_may() {
        let ann = of("ann", Reach::Own);
        assert_eq!(ann.may_change_node(held(Some("ann"), true, true), None), Ok(()));
        assert_eq!(ann.may_beat(held(Some("ann"), true, true), None), Err(Refused::NodeHeld));
        let foreign = ann.may_change_node(held(Some("bob"), false, false), None);
        assert_eq!(foreign, Err(Refused::Foreign));
        assert_eq!(ann.may_beat(held(Some("bob"), true, true), None), Err(Refused::Foreign));
        assert_eq!(ann.may_change_node(held(None, false, true), None), Ok(()), "nobody's");
    }
}
