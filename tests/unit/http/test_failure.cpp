// SPDX-License-Identifier: Apache-2.0
#include "http/failure.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

using namespace regctl;
using namespace regctl::http;

namespace {

struct Row {
  const char* name;
  CurlFailure failure;
  const char* url;
  const char* message; ///< a part of it
  const char* hint;    ///< a part of it; empty: there is none
  ErrorKind kind;
  Obstacle obstacle;
  bool may_pass;
};

void check(const Row& row) {
  CAPTURE(row.name);
  const auto found = describe_failure(row.failure, Url::parse(row.url));
  CAPTURE(found.error.message());
  CAPTURE(found.error.hint());
  CHECK(found.error.message().find(row.message) != std::string::npos);
  CHECK(found.error.hint().find(row.hint) != std::string::npos);
  CHECK(found.error.hint().empty() == std::string(row.hint).empty());
  CHECK(found.error.kind() == row.kind);
  CHECK(found.obstacle == row.obstacle);
  CHECK(found.may_pass == row.may_pass);
}

constexpr const char* k_https = "https://host:5000/v1/_ping?a=secret";
constexpr const char* k_http = "http://host:5000/v1/_ping";

} // namespace

TEST_SUITE_BEGIN("http/failure");

TEST_CASE("libcurl's failures are explained in words for the user") {
  const Row rows[] = {
      {"no such name",
       {CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host: host"},
       k_https,
       "cannot reach https://host:5000: no address is known for its name",
       "check the name",
       ErrorKind::unavailable,
       Obstacle::nobody,
       true},
      {"refused",
       {CURLE_COULDNT_CONNECT, "Failed to connect", ECONNREFUSED},
       k_https,
       "cannot reach https://host:5000: Connection refused",
       "is the registry running?",
       ErrorKind::unavailable,
       Obstacle::nobody,
       true},
      {"connect without a reason",
       {CURLE_COULDNT_CONNECT, "Timeout was reached"},
       k_https,
       "Timeout was reached",
       "is the registry running?",
       ErrorKind::unavailable,
       Obstacle::nobody,
       true},
      {"a stranger's certificate",
       {CURLE_PEER_FAILED_VERIFICATION, "self-signed certificate"},
       k_https,
       "its certificate is not trusted (self-signed certificate)",
       "--ca-file",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"our certificate cannot be read",
       {CURLE_SSL_CERTPROBLEM, "no such file"},
       k_https,
       "cannot use a certificate for https://host:5000: no such file",
       "--client-cert",
       ErrorKind::usage,
       Obstacle::certificate,
       false},
      {"the CA file cannot be read",
       {CURLE_SSL_CACERT_BADFILE, "no such file", 0, false, "", 0, false, TlsVersion::v1_2, true},
       k_https,
       "cannot use a certificate",
       "--ca-file",
       ErrorKind::usage,
       Obstacle::certificate,
       false},
      {"plain http where TLS was spoken",
       {CURLE_SSL_CONNECT_ERROR, "OpenSSL: error:0A00010B:SSL routines::wrong version number"},
       k_https,
       "cannot reach https://host:5000: it does not speak https",
       "--plain-http",
       ErrorKind::unavailable,
       Obstacle::wrong_scheme,
       false},
      {"a handshake that is cut",
       {CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL"},
       k_https,
       "it cut the connection when https was asked for: perhaps it speaks plain http",
       "--plain-http",
       ErrorKind::unavailable,
       Obstacle::handshake,
       true},
      {"a handshake that fails",
       {CURLE_SSL_CONNECT_ERROR, "alert handshake failure"},
       k_https,
       "TLS failed (alert handshake failure)",
       "--client-cert",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a certificate that is wanted after the handshake",
       {CURLE_RECV_ERROR, "tlsv13 alert certificate required", 0, true},
       k_https,
       "TLS failed (tlsv13 alert certificate required)",
       "--client-cert",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a certificate of an authority that the server does not know",
       {CURLE_RECV_ERROR, "tlsv1 alert unknown ca", 0, true},
       k_https,
       "TLS failed (tlsv1 alert unknown ca)",
       "--client-cert",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a cut after the handshake",
       {CURLE_GOT_NOTHING, "", 0, true},
       k_https,
       "it closed the connection without an answer",
       "--client-cert",
       ErrorKind::unavailable,
       Obstacle::after_tls,
       true},
      {"a cut",
       {CURLE_SEND_ERROR, "Connection reset by peer"},
       k_http,
       "it cut the connection (Connection reset by peer)",
       "leave out --plain-http",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
      {"no answer",
       {CURLE_GOT_NOTHING, "Empty reply from server"},
       k_http,
       "it closed the connection without an answer",
       "leave out --plain-http",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
      {"a cut before the handshake",
       {CURLE_RECV_ERROR, "Connection reset by peer"},
       k_https,
       "Connection reset by peer when https was asked for",
       "--plain-http",
       ErrorKind::unavailable,
       Obstacle::handshake,
       true},
      {"no HTTP",
       {CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed"},
       k_http,
       "http://host:5000 answers with something that is not HTTP",
       "leave out --plain-http",
       ErrorKind::protocol,
       Obstacle::other,
       false},
      {"no HTTP inside TLS",
       {CURLE_WEIRD_SERVER_REPLY, ""},
       k_https,
       "is not HTTP",
       "check host and port",
       ErrorKind::protocol,
       Obstacle::other,
       false},
      {"a certificate that has expired",
       {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate has expired"},
       k_https,
       "its certificate is not trusted (SSL certificate problem: certificate has expired)",
       "check the clock",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a certificate for another name",
       {CURLE_PEER_FAILED_VERIFICATION,
        "SSL: certificate subject name 'other' does not match target host name 'host'"},
       k_https,
       "its certificate is not trusted",
       "use a name that the certificate has",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a certificate of a short key",
       {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: EE certificate key too weak"},
       k_https,
       "its certificate is not trusted",
       "--tls-min 1.0",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"old TLS alone",
       {CURLE_SSL_CONNECT_ERROR, "error:0A00042E:SSL routines::tlsv1 alert protocol version"},
       k_https,
       "it speaks no TLS 1.2 or newer",
       "--tls-min 1.0",
       ErrorKind::unavailable,
       Obstacle::certificate,
       false},
      {"a system without authorities",
       {CURLE_SSL_CACERT_BADFILE, "error setting certificate verify locations"},
       k_https,
       "this system has no authorities that are trusted",
       "ca-certificates",
       ErrorKind::local_io,
       Obstacle::certificate,
       false},
      {"a body that was cut on a connection from before",
       {CURLE_SEND_FAIL_REWIND, "necessary data rewind wasn't possible"},
       k_http,
       "it closed the connection without an answer",
       "leave out --plain-http",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
      {"a header line that has no end",
       {CURLE_OUT_OF_MEMORY, "Out of memory"},
       k_https,
       "https://host:5000 sends a head that is longer than any answer of a registry",
       "check host and port",
       ErrorKind::protocol,
       Obstacle::other,
       false},
      {"nothing but informational answers",
       {CURLE_OK, ""},
       k_https,
       "is not HTTP",
       "check host and port",
       ErrorKind::protocol,
       Obstacle::other,
       false},
      {"a head that is cut",
       {.code = CURLE_OK, .head_began = true},
       k_http,
       "it cut the connection (it closed the connection in the middle of an answer's head)",
       "leave out --plain-http",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
      {"anything else, without a text",
       {CURLE_PARTIAL_FILE, ""},
       k_http,
       "cannot reach http://host:5000: Transferred a partial file",
       "",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
  };
  for (const auto& row : rows) {
    check(row);
  }
}

TEST_CASE("failures behind a proxy name the proxy") {
  const std::string proxy = "proxy:3128";
  const Row rows[] = {
      {"refused",
       {CURLE_COULDNT_CONNECT, "", ECONNREFUSED, false, proxy, 0},
       k_https,
       "cannot reach https://host:5000 through the proxy proxy:3128: Connection refused",
       "NO_PROXY",
       ErrorKind::unavailable,
       Obstacle::nobody,
       true},
      {"no such name",
       {CURLE_COULDNT_RESOLVE_PROXY, "", 0, false, proxy, 0},
       k_http,
       "through the proxy proxy:3128: no address is known for the proxy's name",
       "HTTP_PROXY",
       ErrorKind::unavailable,
       Obstacle::nobody,
       true},
      {"no credentials",
       {CURLE_RECV_ERROR, "CONNECT tunnel failed", 0, false, proxy, 407},
       k_https,
       "the proxy proxy:3128 wants other credentials",
       "HTTPS_PROXY=http://USER:PASSWORD@proxy:3128",
       ErrorKind::denied,
       Obstacle::other,
       false},
      {"forbidden",
       {CURLE_RECV_ERROR, "CONNECT tunnel failed", 0, false, proxy, 403},
       k_https,
       "through the proxy proxy:3128: it answered 403",
       "NO_PROXY",
       ErrorKind::unavailable,
       Obstacle::other,
       false},
      {"it cannot reach the host",
       {CURLE_RECV_ERROR, "", 0, false, proxy, 502},
       k_https,
       "through the proxy proxy:3128: it answered 502",
       "NO_PROXY",
       ErrorKind::unavailable,
       Obstacle::other,
       true},
      {"plain http where TLS with the proxy was spoken",
       {CURLE_SSL_CONNECT_ERROR, "wrong version number", 0, false, proxy, 0, true},
       k_https,
       "through the proxy proxy:3128: TLS with the proxy failed",
       "write http://",
       ErrorKind::unavailable,
       Obstacle::other,
       false},
      {"plain http behind the tunnel",
       {CURLE_SSL_CONNECT_ERROR, "wrong version number", 0, false, proxy, 200},
       k_https,
       "through the proxy proxy:3128: it does not speak https",
       "--plain-http",
       ErrorKind::unavailable,
       Obstacle::wrong_scheme,
       false},
  };
  for (const auto& row : rows) {
    check(row);
  }
  CHECK(proxy_wants_credentials(proxy, Url::parse(k_http)).error.hint().find("HTTP_PROXY=") !=
        std::string::npos);
}

TEST_CASE("failures at a unix socket name the engine") {
  auto url = Url::parse("http://localhost/");
  url.unix_socket = "/run/engine.sock";
  const auto found = describe_failure({CURLE_COULDNT_CONNECT, "", ENOENT}, url);
  CHECK(found.error.message() ==
        "cannot reach the engine at '/run/engine.sock': No such file or directory");
  CHECK_FALSE(found.may_pass);
}

TEST_SUITE_END();
