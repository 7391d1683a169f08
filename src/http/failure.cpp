// SPDX-License-Identifier: Apache-2.0
#include "http/failure.hpp"

#include "http/retry.hpp"

#include <regctl/base/visible.hpp>

#include <algorithm>
#include <initializer_list>
#include <system_error>

namespace regctl::http {

namespace {

constexpr const char* k_plain_http_hint = "check the port; if plain http is spoken there, allow "
                                          "it: --plain-http, or \"plain_http\" in the "
                                          "configuration";
constexpr const char* k_authority_hint = "name the authority that signed it (--ca-file, or a "
                                         "certs.d folder), or, if you must, --insecure";
constexpr const char* k_date_hint = "check the clock of this machine; if it is right, whoever runs "
                                    "the registry has to renew the certificate";
constexpr const char* k_name_hint = "use a name that the certificate has, or, if you must, "
                                    "--insecure";
constexpr const char* k_old_tls_hint =
    "if you must, --tls-min 1.0, or \"tls_min\" in the configuration, takes what old servers have";

constexpr const char* k_client_certificate_hint =
    "if the registry wants a certificate of yours: --client-cert and --client-key";
constexpr const char* k_https_hint =
    "check the port; if --plain-http was given and it speaks https alone, leave out --plain-http";
constexpr const char* k_proxy_hint = "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY lists "
                                     "the hosts that are reached without a proxy";

/// The host that was to be reached, and the proxy on the way.
struct Peer {
  const Url& url;
  const std::string& proxy;

  [[nodiscard]] std::string to_string() const {
    return url.origin() + (proxy.empty() ? "" : " through the proxy " + proxy);
  }
};

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

Failure unavailable(const Peer& peer, const std::string& why, Obstacle obstacle,
                    const std::string& hint) {
  return {Error(ErrorKind::unavailable, "cannot reach " + peer.to_string() + ": " + why, hint),
          obstacle, false};
}

Failure passing(const Peer& peer, const std::string& why, Obstacle obstacle = Obstacle::other,
                const std::string& hint = {}) {
  auto failure = unavailable(peer, why, obstacle, hint);
  failure.may_pass = true;
  return failure;
}

bool contains_any(const std::string& text, std::initializer_list<const char*> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return contains(text, part); });
}

std::string to_string(TlsVersion version) {
  return "1." + std::to_string(static_cast<int>(version));
}

/// Whether OpenSSL's security level refused outdated keys or signatures.
bool is_too_weak(const std::string& why) {
  return contains_any(why, {"too small", "too weak", "legacy sigalg", "no suitable signature"});
}

/// The hint for a refused certificate, by the reason of the refusal.
const char* certificate_hint(const std::string& why) {
  if (contains_any(why, {"expired", "not yet valid"})) {
    return k_date_hint;
  }
  if (contains_any(why, {"subject name", "does not match", "no alternative"})) {
    return k_name_hint;
  }
  if (is_too_weak(why)) {
    return k_old_tls_hint;
  }
  return contains_any(why, {"issuer", "self-signed", "self signed", "unable to verify"})
             ? k_authority_hint
             : "if you must, --insecure";
}

Failure tls_failure(const std::string& why, TlsVersion tls_min, const Peer& peer) {
  // OpenSSL's messages for bytes that are no TLS record, usually the beginning of an HTTP answer.
  if (contains(why, "wrong version number") || contains(why, "packet length too long") ||
      contains(why, "http request")) {
    return unavailable(peer, "it does not speak https", Obstacle::wrong_scheme, k_plain_http_hint);
  }
  if (contains(why, "SYSCALL") || contains(why, "reset")) {
    return passing(peer,
                   "it cut the connection when https was asked for: perhaps it speaks plain http",
                   Obstacle::handshake, k_plain_http_hint);
  }
  if (contains_any(why, {"unsupported protocol", "alert protocol version",
                         "alert insufficient security", "no protocols available"})) {
    return unavailable(peer, "it speaks no TLS " + to_string(tls_min) + " or newer (" + why + ")",
                       Obstacle::certificate, tls_min > TlsVersion::v1_0 ? k_old_tls_hint : "");
  }
  if (is_too_weak(why)) {
    return unavailable(peer, "its TLS is too weak (" + why + ")", Obstacle::certificate,
                       k_old_tls_hint);
  }
  return unavailable(peer, "TLS failed (" + why + ")", Obstacle::certificate,
                     k_client_certificate_hint);
}

Failure connect_failure(const std::string& why, long os_error, const Peer& peer) {
  const auto reason =
      os_error == 0 ? why : std::generic_category().message(static_cast<int>(os_error));
  if (!peer.url.unix_socket.empty()) {
    return {Error(ErrorKind::unavailable,
                  "cannot reach the engine at '" + peer.url.unix_socket + "': " + reason,
                  "is the Docker engine running, and may you use its socket?"),
            Obstacle::nobody, false};
  }
  return passing(peer, reason, Obstacle::nobody,
                 peer.proxy.empty() ? "check host and port; is the registry running?"
                                    : k_proxy_hint);
}

/// The connection was cut while the client waited for bytes. That may be a refused client
/// certificate: with TLS 1.3 a server checks it after the handshake.
Failure cut_failure(const std::string& why, const CurlFailure& failure, const Peer& peer) {
  if (contains(why, "alert") && contains_any(why, {"certificate", "unknown ca"})) {
    return tls_failure(why, failure.tls_min, peer);
  }
  if (failure.tls_done) {
    return passing(peer, why, Obstacle::after_tls, k_client_certificate_hint);
  }
  if (peer.url.scheme == "http") {
    return passing(peer, "it cut the connection (" + why + ")", Obstacle::other, k_https_hint);
  }
  return passing(peer, why + " when https was asked for: perhaps it speaks plain http",
                 Obstacle::handshake, k_plain_http_hint);
}

/// The proxy refused CONNECT with `status`.
Failure refused_tunnel(long status, const Peer& peer) {
  if (status == 407) {
    return proxy_wants_credentials(peer.proxy, peer.url);
  }
  auto failure =
      unavailable(peer, "it answered " + std::to_string(status), Obstacle::other, k_proxy_hint);
  failure.may_pass = is_passing(static_cast<int>(status));
  return failure;
}

/// TLS with the proxy itself failed.
Failure proxy_tls_failure(const std::string& why, const Peer& peer) {
  return unavailable(
      peer, "TLS with the proxy failed (" + why + ")", Obstacle::other,
      std::string("if the proxy speaks plain http, write http:// before its name; ") +
          k_proxy_hint);
}

/// Certificate files that libcurl cannot use: the user's, or the system's, which small containers
/// lack.
Failure unusable_certificate(const std::string& why, const CurlFailure& failure, const Url& url) {
  if (failure.code == CURLE_SSL_CACERT_BADFILE && !failure.has_ca_file) {
    return {Error(ErrorKind::local_io,
                  "cannot check the certificate of " + url.origin() +
                      ": this system has no authorities that are trusted (" + why + ")",
                  "install the system's certificates (ca-certificates), or name a file: --ca-file"),
            Obstacle::certificate, false};
  }
  return {Error(ErrorKind::usage, "cannot use a certificate for " + url.origin() + ": " + why,
                "check --ca-file, --client-cert and --client-key, their like in the configuration, "
                "and certs.d; a key must have no passphrase"),
          Obstacle::certificate, false};
}

bool is_about_tls(::CURLcode code) {
  return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

} // namespace

Error head_too_long(const Url& url) {
  return Error(ErrorKind::protocol,
               url.origin() + " sends a head that is longer than any answer of a registry",
               "check host and port");
}

Failure proxy_wants_credentials(const std::string& proxy, const Url& url) {
  return {Error(ErrorKind::denied,
                "cannot reach " + url.origin() + ": the proxy " + proxy +
                    " wants other credentials than it was given: it answered 407",
                "name user and password in the proxy's URL, as in " +
                    std::string(url.scheme == "http" ? "HTTP" : "HTTPS") +
                    "_PROXY=http://USER:PASSWORD@" + proxy +
                    "; a \"%\" in a password is written %25"),
          Obstacle::other, false};
}

Failure describe_failure(const CurlFailure& failure, const Url& url) {
  const Peer peer{url, failure.proxy};
  if (failure.proxy_status >= 300) {
    return refused_tunnel(failure.proxy_status, peer);
  }
  auto why = excerpt(failure.detail.empty() ? ::curl_easy_strerror(failure.code) : failure.detail);
  if (contains(why, "getpeername")) { // the call by which libcurl notices it
    why = "it closed the connection";
  }
  if (failure.proxy_speaks_tls && failure.proxy_status == 0 && is_about_tls(failure.code)) {
    return proxy_tls_failure(why, peer);
  }
  switch (failure.code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return passing(peer, "no address is known for its name", Obstacle::nobody,
                   "check the name, and the network");
  case CURLE_COULDNT_RESOLVE_PROXY:
    return passing(peer, "no address is known for the proxy's name", Obstacle::nobody,
                   k_proxy_hint);
  case CURLE_COULDNT_CONNECT:
    return connect_failure(why, failure.os_error, peer);
  case CURLE_PEER_FAILED_VERIFICATION:
    return unavailable(peer, "its certificate is not trusted (" + why + ")", Obstacle::certificate,
                       certificate_hint(why));
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
    return unusable_certificate(why, failure, url);
  case CURLE_SSL_CONNECT_ERROR:
    return tls_failure(why, failure.tls_min, peer);
  case CURLE_OUT_OF_MEMORY: // libcurl's code for a header line of more than 100 kB
    return {head_too_long(url), Obstacle::other, false};
  case CURLE_OK: // the answer ended without a whole head
    if (failure.head_began) {
      return cut_failure("it closed the connection in the middle of an answer's head", failure,
                         peer);
    }
    [[fallthrough]];
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
    return {Error(ErrorKind::protocol, url.origin() + " answers with something that is not HTTP",
                  url.scheme == "http" ? k_https_hint : "check host and port"),
            Obstacle::other, false};
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
    return cut_failure(why, failure, peer);
  case CURLE_SEND_FAIL_REWIND: // libcurl's code if the connection ends while a body is sent
  case CURLE_GOT_NOTHING:
    return cut_failure("it closed the connection without an answer", failure, peer);
  case CURLE_URL_MALFORMAT:
    return unavailable(peer, why, Obstacle::other, "check host and port");
  default:
    return passing(peer, why);
  }
}

} // namespace regctl::http
