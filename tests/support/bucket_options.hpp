// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/objects/bucket.hpp>

#include <string>

namespace regctl::test {

/// Those of a bucket "b" at this server, which any key opens.
inline objects::BucketOptions bucket_options(const std::string& endpoint = "http://s3:9000") {
  objects::BucketOptions options;
  options.endpoint = http::Url::parse(endpoint);
  options.name = "b";
  options.key = [] { return http::AwsKey{"id", http::Secret("secret"), http::Secret()}; };
  return options;
}

} // namespace regctl::test
