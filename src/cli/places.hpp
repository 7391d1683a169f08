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

/// Throws Error{usage} for a name that exists locally but may also be a registry (model/place). The
/// hint shows both lines to type.
void refuse_either(Context& context, const std::string& text);

/// Place::parse() with a look at local files. Throws as refuse_either() does.
Place parse_place(Context& context, const std::string& text);

/// Reads one end of a mirror or of a comparison. Throws as refuse_either() does, and Error{usage}.
ops::Endpoint parse_endpoint(Context& context, const std::string& text);

/// Reads the source of images. Throws Error{usage} for an archive on standard input if that is a
/// terminal, or if the password is read from it.
Place parse_source(Context& context, const std::string& text);

/// Reads the destination of images. Throws Error{usage} for an archive on standard output if that
/// is a terminal, or if --format json writes to it too.
Place parse_destination(Context& context, const std::string& text);

/// Reads a host alone ("localhost:5000", "docker://registry.local", "registry.local/"). Nothing for
/// the name of an image or of a local place. Throws as refuse_either() does.
std::optional<RegistryHost> parse_lone_host(Context& context, const std::string& text);

/// Reads the host that images are copied to under their own names. Nothing for "host:5000/", where
/// the name was probably forgotten.
std::optional<RegistryHost> parse_new_host(Context& context, const std::string& text);

/// Throws Error{usage} for a host with a port in the place of an image. (Its port would be taken
/// for a tag, and the host for an image at docker.io.)
void refuse_lone_host(Context& context, const std::string& text);

/// Reads a namespace at a registry ("host:5000/team/"); nothing for any other text. Throws as
/// refuse_either() does, and Error{usage}.
std::optional<ops::Endpoint> parse_namespace(Context& context, const std::string& text);

/// Throws Error{usage} if `reference`, written as `text`, has a tag or a digest.
void refuse_tag(const Reference& reference, const std::string& text);

/// Reads a repository of a registry or a storage tree, with or without a tag. Throws Error{usage}
/// for any other place.
Place parse_repository_place(Context& context, const std::string& text);

/// Reads the same, or a name in the Docker engine (docker-daemon:NAME).
Place parse_tag_place(Context& context, const std::string& text);

/// Reads the folder of a whole storage tree, which need not exist: "v1-storage:DIR" or DIR. Throws
/// Error{usage} for any other text.
std::string parse_storage_folder(const std::string& text);

/// parse_storage_folder() for commands that need an existing tree: a DIR without scheme must exist.
std::string parse_storage_tree(const std::string& text);

/// Reads "v2-storage:DIR"; nothing for any other text.
std::optional<Place> find_v2_tree(const std::string& text);

/// {"place", "repository", "tag"} of a repository or a tag at a registry or in a tree; "tag" is
/// null for a repository.
Json name_members(const Place& place);

/// The place as lines for people show it: without "docker://".
std::string show_place(std::string_view place);

} // namespace regctl::cli
