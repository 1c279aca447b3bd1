//! Configurations of log shippers to copy, with this server's address filled in.

/// Stands where a key belongs that is not known here: keys are shown once, to whoever enrols.
pub const KEY: &str = "KEY";

/// An address taken apart, as shippers want it.
struct Address<'u> {
    https: bool,
    host: &'u str,
    port: &'u str,
}

/// `url` is checked by the configuration: scheme and host, perhaps a port, no path.
fn address(url: &str) -> Address<'_> {
    let (https, rest) = match url.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("http://").unwrap_or(url)),
    };
    let default = if https { "443" } else { "80" };
    // The colon of a port comes after the bracket of an IPv6 address.
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Address { https, host, port },
        _ => Address {
            https,
            host: rest,
            port: default,
        },
    }
}

/// `/etc/rsyslog.d/60-wolfsec.conf` for rsyslog 8 with omelasticsearch: everything that it logs, in bulk; what cannot be
/// delivered waits in memory and then on disk, and is recognised by its id when it is sent again.
pub fn rsyslog(url: &str, key: &str) -> String {
    let Address { https, host, port } = address(url);
    let https = if https { "\n  usehttps=\"on\"" } else { "" };
    format!(
        r#"module(load="omelasticsearch")
template(name="wolfsec" type="list" option.jsonf="on") {{
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="program" name="programname" format="jsonf")
  property(outname="syslogtag" name="syslogtag" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}}
template(name="wolfsec_id" type="string" string="%uuid%")
action(type="omelasticsearch" template="wolfsec"
  server="{host}" serverport="{port}"{https}
  uid="peer" pwd="{key}"
  bulkmode="on" writeoperation="create" searchIndex="syslog" searchType="_doc"
  bulkid="wolfsec_id" dynbulkid="on"
  queue.type="LinkedList" queue.filename="wolfsec" queue.maxDiskSpace="1g"
  queue.saveOnShutdown="on" action.resumeRetryCount="-1" action.resumeInterval="5")
"#
    )
}

/// A program of one's own, with the official Python client.
pub fn python(url: &str, key: &str) -> String {
    format!(
        r#"# pip install elasticsearch
from datetime import datetime, timezone
from elasticsearch import Elasticsearch, helpers

wolfsec = Elasticsearch("{url}", api_key="{key}")
now = datetime.now(timezone.utc).isoformat()
helpers.bulk(wolfsec, [
    {{"_index": "my-app", "@timestamp": now, "message": "hello from Python"}},
])
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (url, https, host, port) in [
            ("http://127.0.0.1:8080", false, "127.0.0.1", "8080"),
            ("https://soc.example.org", true, "soc.example.org", "443"),
            ("http://soc.example.org", false, "soc.example.org", "80"),
            ("https://[2001:db8::1]:8443", true, "[2001:db8::1]", "8443"),
            ("https://[2001:db8::1]", true, "[2001:db8::1]", "443"),
        ] {
            let found = address(url);
            assert_eq!((found.https, found.host, found.port), (https, host, port), "{url}");
        }
    }

    #[test]
    fn configurations_name_this_server() {
        let rsyslog = rsyslog("https://soc.example.org", "wsp_1");
        assert!(
            rsyslog.contains("server=\"soc.example.org\" serverport=\"443\"\n  usehttps=\"on\"\n"),
            "{rsyslog}"
        );
        assert!(rsyslog.contains("pwd=\"wsp_1\""), "{rsyslog}");
        assert!(
            python("https://soc.example.org", KEY)
                .contains("Elasticsearch(\"https://soc.example.org\", api_key=\"KEY\")")
        );
    }
}
