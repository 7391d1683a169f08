// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/client.hpp>
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

/// The failure that `code`, `detail` (libcurl's error buffer, may be empty) and `os_error` (errno
/// of the connect, 0 if unknown) mean for a request to `url`.
Failure describe_failure(::CURLcode code, const std::string& detail, long os_error, const Url& url);

} // namespace regctl::http
