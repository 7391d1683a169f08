// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/profiles.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/http/aws_signer.hpp>
#include <regctl/http/transport.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace regctl::objects {

using Time = std::chrono::system_clock::time_point;

/// A key as its source gave it.
struct FoundKey {
  http::AwsKey key;
  std::optional<Time> ends; ///< of temporary keys
  std::string origin;       ///< the source, for messages: "AWS_ACCESS_KEY_ID", "profile 'dev'"
};

/// What the sources of keys look at. The references must outlive it.
struct KeyLookup {
  http::Transport& transport;
  const Environment& environment; ///< an empty variable counts as one that is not set
  const AwsProfiles& profiles;
  Time now;
};

} // namespace regctl::objects
