// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace regctl::cli {

/// Prints the result of pull, push or copy: "DESTINATION ID" for each tag, or one JSON object.
void print_copied(Context& context, const ops::CopyReport& report);

/// Prints only the JSON object: {"tags": [{"from", "to", "id", "verified"}], "images",
/// "images_there", "images_unverified", "blobs", "blobs_there", "bytes"}.
void print_copied_json(Context& context, const ops::CopyReport& report);

/// The flags that pull, push and copy share.
struct CopyFlags {
  bool all_tags = false;
  bool no_verify = false;
  bool no_compress = false;
  bool require_checksum = false;
  bool rescue = false;
  std::string platforms; ///< --platform; "" for none
  bool referrers = false;
  std::optional<ops::OciForm> form;
  std::string originals;         ///< --originals; "" for none
  std::uint64_t chunk_bytes = 0; ///< --chunk-size; 0: blobs are sent whole
};

/// Declares --to-format.
void add_form(Arguments& arguments, std::optional<ops::OciForm>& form);
/// Throws Error{usage} for --all-tags of a place that names one image. `text` is what the user
/// typed, who may have meant -a as skopeo means it.
void refuse_all_tags_of_one(const Place& place, const std::string& text);

/// Declares --chunk-size.
void add_chunk_size(Arguments& arguments, std::uint64_t& chunk_bytes);

/// Declares --originals.
void add_originals(Arguments& arguments, std::string& originals);

/// Declares --platform of a command that looks at images.
void add_platform(Arguments& arguments, std::string& platforms);
/// Of a command that brings images elsewhere, and may convert them.
void add_platform_to_take(Arguments& arguments, std::string& platforms);

inline constexpr const char* k_platform_of_v1 =
    "A single one is also that of v1 images that do not tell theirs and become images of v2";

/// The platforms that it names. Throws Error{usage}.
std::vector<oci::Platform> to_platforms(const std::string& platforms);

/// Throws Error{usage} for flags that contradict each other.
ops::CopyOptions to_options(const CopyFlags& flags);

} // namespace regctl::cli
