// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/host_settings.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>

#include <curl/curl.h>

#include <string>

namespace regctl::http {

/// Why an exchange brought no answer, in the user's words.
struct Failure {
  Error error;
  Obstacle obstacle = Obstacle::other;
  bool may_pass = false; ///< trying again may help
};

/// What libcurl knows of an exchange that failed.
struct CurlFailure {
  ::CURLcode code = CURLE_OK;
  std::string detail;     ///< its error buffer, may be empty
  long os_error = 0;      ///< errno of the connect, 0 if unknown
  bool tls_done = false;  ///< the TLS handshake was over
  std::string proxy = {}; ///< "host:port" of the proxy that was asked, or empty
  long proxy_status = 0;  ///< what it answered to CONNECT, 0 if nothing
  bool proxy_speaks_tls = false;
  TlsVersion tls_min = TlsVersion::v1_2; ///< what was asked for
  bool has_ca_file = false;              ///< one of ours instead of the system's
};

/// What that means for a request to `url`.
Failure describe_failure(const CurlFailure& failure, const Url& url);

/// The Error of an answer whose head has no end.
Error head_too_long(const Url& url);

/// What it means that `proxy` answered 407.
Failure proxy_wants_credentials(const std::string& proxy, const Url& url);

} // namespace regctl::http
