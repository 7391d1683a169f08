// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/base/json_fwd.hpp>
#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/places/endpoint.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::cli {

/// Throws Error{usage} for a name that something here has and a registry may have (model/place),
/// with both lines to type.
void refuse_either(Context& context, const std::string& text);

/// Place::parse() with what lies here. Throws as refuse_either().
Place parse_place(Context& context, const std::string& text);

/// One end of a mirror or of a comparison. Throws as refuse_either(), and Error{usage}.
ops::Endpoint parse_endpoint(Context& context, const std::string& text);

/// Where images come from. Throws Error{usage} for an
/// archive on standard input that is a terminal, or that the password comes from.
Place parse_source(Context& context, const std::string& text);

/// Where images go to. Throws Error{usage} for an archive on standard output that is a terminal, or
/// that --format json would write to as well.
Place parse_destination(Context& context, const std::string& text);

/// A host alone ("localhost:5000", "docker://registry.local", "registry.local/"); nothing for what
/// names an image or is here. Throws as refuse_either().
std::optional<RegistryHost> parse_lone_host(Context& context, const std::string& text);

/// The same for where images go to and keep their names; "host:5000/" is a name that was forgotten.
std::optional<RegistryHost> parse_new_host(Context& context, const std::string& text);

/// Throws Error{usage} for a host with a port where an image is wanted: with a tag in the place of
/// the port it would be a name at docker.io.
void refuse_lone_host(Context& context, const std::string& text);

/// A namespace at a registry ("host:5000/team/"); nothing for anything else. Throws as
/// refuse_either(), and Error{usage}.
std::optional<ops::Endpoint> parse_namespace(Context& context, const std::string& text);

/// Throws Error{usage} if `reference`, written as `text`, has a tag or a digest.
void refuse_tag(const Reference& reference, const std::string& text);

/// A repository of a registry or a storage tree, with or without a tag. Throws Error{usage} for any
/// other place.
Place parse_repository_place(Context& context, const std::string& text);

/// The folder of a whole storage tree, which need not be there: "v1-storage:DIR" or DIR. Throws
/// Error{usage} for anything else.
std::string parse_storage_folder(const std::string& text);

/// The same for commands that want one that is there; a DIR alone has to be.
std::string parse_storage_tree(const std::string& text);

/// {"place", "repository", "tag"} of a repository or a tag at a registry or in a tree; the tag null
/// where it has none.
Json name_members(const Place& place);

/// As one line for people: without "docker://".
std::string show_place(std::string_view place);

} // namespace regctl::cli
