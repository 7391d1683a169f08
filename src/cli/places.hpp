// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::cli {

/// Where images come from: a bare path or "-" is a docker archive. Throws Error{usage} for an
/// archive on standard input that is a terminal, or that the password comes from.
Place parse_source(Context& context, const std::string& text);

/// Where images go to. Throws Error{usage} for an archive on standard output that is a terminal, or
/// that --format json would write to as well.
Place parse_destination(Context& context, const std::string& text);

/// A host alone ("localhost:5000", "docker://registry.local", "registry.local/"); nothing for what
/// names an image or a file.
std::optional<RegistryHost> parse_lone_host(const std::string& text);

/// The same for where images go to and keep their names; "host:5000/" is a name that was forgotten.
std::optional<RegistryHost> parse_new_host(const std::string& text);

/// Throws Error{usage} if `reference`, written as `text`, has a tag or a digest.
void refuse_tag(const Reference& reference, const std::string& text);

/// A repository of a registry or a storage tree, with or without a tag. Throws Error{usage} for any
/// other place.
Place parse_repository_place(const std::string& text);

/// The folder of a whole storage tree. Throws Error{usage} for anything else.
std::string parse_storage_tree(const std::string& text);

/// As one line for people: without "docker://".
std::string show_place(std::string_view place);

} // namespace regctl::cli
