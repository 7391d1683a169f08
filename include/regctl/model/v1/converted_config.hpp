// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/platform.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// One step of a v1 chain, with the facts that the config of the image needs.
struct ConvertedStep {
  std::string json;      ///< the image's v1 JSON, as it is stored
  std::string diff_id;   ///< "sha256:" and the hex sum of the unpacked tar
  bool is_empty = false; ///< the tar has no entries
};

/// The platform of nearly all v1 images, of which the old ones do not tell theirs.
const oci::Platform& usual_platform();

struct ConvertedConfig {
  std::string bytes;
  /// The corrections and remarks, in words that reports show: "created-invalid",
  /// "architecture-assumed", "Cmd-wrapped", …
  std::set<std::string> notes;
};

/// The image config (OCI image-spec 1.1, Docker image specification 1.2) of a v1 chain, which is
/// given base first: the members of the top JSON but those of v1, as they were written and sorted
/// by name; rootfs.diff_ids of the steps that are not empty; a history entry for each step.
/// Deterministic: equal chains give equal bytes, on every machine. `assumed` is written where the
/// top JSON does not tell the architecture (then with the variant of it) or the operating system.
/// Throws Error{protocol} for a step whose JSON is none. Source: Docker 1.10 to 20.10,
/// image/v1/imagev1.go, whose bytes these are but for times, nulls and commands that were written
/// as one text.
ConvertedConfig convert_config(const std::vector<ConvertedStep>& chain,
                               const oci::Platform& assumed = usual_platform());

/// The config that regctl 0.1 wrote into archives for a v1 chain, base first, by which its archives
/// are recognised: the members of the top JSON as a JSON library prints them, and the year 1970 for
/// missing times. Throws as convert_config() does.
std::string make_config_of_0_1(const std::vector<ConvertedStep>& chain);

/// An RFC 3339 time as Go prints it: nine digits of a second at most, no zeros at the end, "Z" for
/// "+00:00". Empty for anything that Go does not read as a time.
std::string normalize_time(std::string_view text);

} // namespace regctl
