// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

/// A member that two image configs do not have alike.
struct ConfigDifference {
  std::string name;             ///< "os", "config.Cmd", "config.Env.PATH", "config.Labels.KEY"
  std::optional<std::string> a; ///< the value as JSON; nothing if the config has none
  std::optional<std::string> b;
  bool is_run = false; ///< it decides how the image runs: a member of `config`, or the platform
};

/// The members that differ, sorted by name: those of `config`, with one for each variable of the
/// environment and each label, and those beside it. Left out are the layers (`rootfs`). Null,
/// false, zero and empty values are the same as none, as engines take them. Throws Error{protocol}
/// "WHAT is not JSON: …" for text that is no JSON object.
/// Source: OCI image-spec 1.1, config.md; Docker image specification 1.2.
std::vector<ConfigDifference> compare_configs(std::string_view a, const std::string& what_a,
                                              std::string_view b, const std::string& what_b);

} // namespace regctl::oci
