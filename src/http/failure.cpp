// SPDX-License-Identifier: Apache-2.0
#include "http/failure.hpp"

#include <system_error>

namespace regctl::http {

namespace {

constexpr const char* k_plain_http_hint =
    "if that is right, allow plain http: --plain-http, or \"plain_http\" in the configuration";
constexpr const char* k_certificate_hint = "name the authority that signed it (--ca-file, or a "
                                           "certs.d folder), or, if you must, --insecure";

constexpr const char* k_client_certificate_hint =
    "if the registry wants a certificate of yours: --client-cert and --client-key";

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

Failure unavailable(const Url& url, const std::string& why, Obstacle obstacle,
                    const std::string& hint) {
  return {Error(ErrorKind::unavailable, "cannot reach " + url.origin() + ": " + why, hint),
          obstacle, false};
}

Failure passing(const Url& url, const std::string& why, Obstacle obstacle = Obstacle::other,
                const std::string& hint = {}) {
  auto failure = unavailable(url, why, obstacle, hint);
  failure.may_pass = true;
  return failure;
}

Failure tls_failure(const std::string& why, const Url& url) {
  // What OpenSSL calls bytes that are no TLS record: the beginning of an HTTP answer.
  if (contains(why, "wrong version number") || contains(why, "packet length too long") ||
      contains(why, "http request")) {
    return unavailable(url, "it speaks plain http, not https", Obstacle::wrong_scheme,
                       k_plain_http_hint);
  }
  if (contains(why, "SYSCALL") || contains(why, "reset")) {
    return passing(url, "the TLS handshake was cut (" + why + ")");
  }
  return unavailable(url, "TLS failed (" + why + ")", Obstacle::certificate,
                     k_client_certificate_hint);
}

Failure connect_failure(const std::string& why, long os_error, const Url& url) {
  const auto reason =
      os_error == 0 ? why : std::generic_category().message(static_cast<int>(os_error));
  if (!url.unix_socket.empty()) {
    return {Error(ErrorKind::unavailable,
                  "cannot reach the engine at '" + url.unix_socket + "': " + reason,
                  "is the Docker engine running, and may you use its socket?"),
            Obstacle::nobody, false};
  }
  return passing(url, reason, Obstacle::nobody, "check host and port; is the registry running?");
}

/// Cut while bytes were awaited. With TLS 1.3 a server looks at our certificate only after the
/// handshake.
Failure cut_failure(const std::string& why, bool tls_done, const Url& url) {
  if (contains(why, "alert") && contains(why, "certificate")) {
    return tls_failure(why, url);
  }
  return tls_done ? passing(url, why, Obstacle::after_tls, k_client_certificate_hint)
                  : passing(url, why);
}

} // namespace

Failure describe_failure(const CurlFailure& failure, const Url& url) {
  const std::string why =
      failure.detail.empty() ? ::curl_easy_strerror(failure.code) : failure.detail;
  switch (failure.code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return passing(url, "there is no host of that name", Obstacle::nobody,
                   "check the name, and the network");
  case CURLE_COULDNT_RESOLVE_PROXY:
    return passing(url, "there is no proxy of that name (" + why + ")", Obstacle::nobody,
                   "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY");
  case CURLE_COULDNT_CONNECT:
    return connect_failure(why, failure.os_error, url);
  case CURLE_PEER_FAILED_VERIFICATION:
    return unavailable(url, "its certificate is not trusted (" + why + ")", Obstacle::certificate,
                       k_certificate_hint);
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
    return {Error(ErrorKind::usage, "cannot use a certificate for " + url.origin() + ": " + why,
                  "check --ca-file, --client-cert and --client-key"),
            Obstacle::certificate, false};
  case CURLE_SSL_CONNECT_ERROR:
    return tls_failure(why, url);
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
    return {Error(ErrorKind::protocol, url.origin() + " answers with something that is not HTTP",
                  url.scheme == "http" ? "perhaps it speaks https: leave out --plain-http"
                                       : "check host and port"),
            Obstacle::other, false};
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
    return cut_failure(why, failure.tls_done, url);
  case CURLE_GOT_NOTHING:
    return cut_failure("it closed the connection without an answer", failure.tls_done, url);
  default:
    return passing(url, why);
  }
}

} // namespace regctl::http
