//! The rules that come with the product, built into it.

/// One bundled rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundledRule {
    /// Path below `rules/`.
    pub path: &'static str,
    pub yaml: &'static str,
}

macro_rules! bundled {
    ($($path:literal),+ $(,)?) => {
        &[$(BundledRule { path: $path, yaml: include_str!(concat!("../../../rules/", $path)) }),+]
    };
}

const RULES: &[BundledRule] = bundled![
    "aws/cloudtrail_root_login_without_mfa.yml",
    "aws/cloudtrail_trail_stopped.yml",
    "linux/auditd_reverse_shell.yml",
    "linux/sshd_accepted_login.yml",
    "linux/sshd_brute_force.yml",
    "linux/sshd_brute_force_then_login.yml",
    "linux/sshd_failed_login.yml",
    "linux/sudo_shell.yml",
    "web/log4shell.yml",
    "web/web_shell_request.yml",
    "windows/encoded_powershell.yml",
    "windows/lsass_memory_access.yml",
    "windows/mimikatz_command.yml",
    "windows/security_log_cleared.yml",
    "wolfsec/failed_sign_in.yml",
    "wolfsec/repeated_failed_sign_ins.yml",
];

/// Every bundled rule, in the order of its path.
pub fn bundled_rules() -> &'static [BundledRule] {
    RULES
}
