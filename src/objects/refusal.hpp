// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>

#include <string>

namespace regctl::objects {

/// What S3 says of a request that it did not do.
struct Refusal {
  int status = 0;
  std::string code;    ///< "NoSuchKey"; empty where there is no XML (HEAD, proxies)
  std::string message; ///< for people; may be empty
  std::string region;  ///< the right one, where the request came for another one
};

/// Reads the body of an answer of 300 and above.
Refusal read_refusal(http::Response& response);

/// The error for a request about `what` ("s3://bucket/key").
Error error_of(const Refusal& refusal, const std::string& what);

} // namespace regctl::objects
