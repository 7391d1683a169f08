// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"
#include "server/http/responses.hpp"
#include "server/http/turns.hpp"
#include "server/v1/auth.hpp"
#include "server/v1/open_uploads.hpp"
#include "server/v1/pull_through.hpp"
#include "server/v1/search_index.hpp"
#include "server/v1/target.hpp"

#include <regctl/formats/v1_storage.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regctl::server {

/// How long a client waits for another who writes the same image; then it is told so (409).
inline constexpr auto k_writer_patience = std::chrono::minutes(10);
inline constexpr std::uint64_t k_documents_bytes = 64ULL * 1024 * 1024;

/// What every request works on.
struct Service {
  std::shared_ptr<V1Storage> storage; ///< shared with pushes and pulls through
  std::unique_ptr<Auth> auth;
  std::unique_ptr<SearchIndex> index;
  std::unique_ptr<PullThrough> mirror; ///< nothing where nothing is fetched from elsewhere
  OpenUploads uploads;
  /// Memory for documents that are being taken apart, in bytes. No document, however it is made,
  /// keeps those waiting who fit beside it.
  Turns documents{k_documents_bytes};
  Turns diffs{1}; ///< comparisons of layers, each of which takes as much
  bool read_only = false;
  bool search = true;
  std::string issue;                                ///< what "/" answers
  std::function<std::string()> metrics;             ///< the text of /metrics
  std::function<void(const std::string&)> complain; ///< for whoever runs the server
};

/// A document as values takes up to so many times its size.
inline constexpr std::uint64_t k_document_growth = 48;

/// Waits for the turn of a document that will take this much memory; small ones need none.
inline Turns::Turn take_turn(Service& service, const Request& request, std::uint64_t size_bytes) {
  constexpr std::uint64_t k_small_bytes = 1024 * 1024;
  return size_bytes > k_small_bytes ? service.documents.take(size_bytes, request) : Turns::Turn();
}

/// Takes an image for writing as V1Storage::write_image() does, as long as the client waits.
std::unique_ptr<V1Storage::ImageWriter> take_writer(Service& service, const Request& request,
                                                    const std::string& id);

/// One request with its parts.
struct Call {
  Service& service;
  const Request& request;
  const Target& target;
  std::string_view body;
  /// The body's, if that is large; given back before others are waited for.
  Turns::Turn turn;
};

// --- images ---

inline constexpr auto k_broken_chain =
    "the chain of the image's parents is broken, a loop, or longer than 4096 images";

/// The refusal, or nothing if the image is complete.
std::optional<Response> refuse_incomplete(const Call& call);

/// Takes the JSON of an image that is not here from the mirror's source, if there is one. The
/// refusal if that does not bring it: `absent` where the source has no such image.
std::optional<Response> adopt(Call& call, const std::string& id, Response absent);

Response get_image_json(Call& call);
Response get_image_layer(Call& call);
Response get_image_ancestry(Call& call);
Response get_image_files(Call& call);
Response get_image_diff(Call& call);
Response put_image_json(Call& call);
Response put_image_checksum(Call& call);
std::unique_ptr<Handler> receive_layer(Service& service, const Request& request,
                                       const Target& target);

// --- repositories ---

Response announce(Call& call);
Response put_repository_images(Call& call);
Response get_repository_images(Call& call);
Response delete_repository_images(Call& call);
Response delete_repository(Call& call);
Response get_repository_json(Call& call);
Response get_properties(Call& call);
Response put_properties(Call& call);
Response get_tags(Call& call);
Response get_tag(Call& call);
Response get_tag_json(Call& call);
Response put_tag(Call& call);
Response delete_tag(Call& call);

// --- the rest of the index ---

Response get_root(Call& call);
Response get_ping(Call& call);
Response get_metrics(Call& call);
Response get_search(Call& call);
Response list_repositories(Call& call);
Response get_users(Call& call);
Response post_users(Call& call);
Response put_user(Call& call);
Response put_auth(Call& call);

} // namespace regctl::server
