// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/host_settings.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>

#include <curl/curl.h>

#include <string>

namespace regctl::http {

/// The reason why an exchange got no answer, in words for the user.
struct Failure {
  Error error;
  Obstacle obstacle = Obstacle::other;
  bool may_pass = false; ///< another attempt may succeed
};

/// libcurl's facts about a failed exchange.
struct CurlFailure {
  ::CURLcode code = CURLE_OK;
  std::string detail = {}; ///< libcurl's error buffer, may be empty
  long os_error = 0;       ///< errno of the connect, 0 if unknown
  bool tls_done = false;   ///< the TLS handshake was over
  std::string proxy = {};  ///< "host:port" of the proxy that was asked, or empty
  long proxy_status = 0;   ///< the proxy's answer to CONNECT, 0 if none
  bool proxy_speaks_tls = false;
  TlsVersion tls_min = TlsVersion::v1_2; ///< the minimum that was required
  bool has_ca_file = false;              ///< the user named a file of authorities
  bool head_began = false;               ///< the first lines of the answer's head have arrived
};

/// Explains the failure of a request to `url`.
Failure describe_failure(const CurlFailure& failure, const Url& url);

/// The Error for an answer with an endless head.
Error head_too_long(const Url& url);

/// The failure if `proxy` answered 407.
Failure proxy_wants_credentials(const std::string& proxy, const Url& url);

} // namespace regctl::http
