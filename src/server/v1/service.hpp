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

/// Time that a client waits for another one that writes the same image; then it gets a 409.
inline constexpr auto k_writer_patience = std::chrono::minutes(10);
inline constexpr std::uint64_t k_documents_bytes = 64ULL * 1024 * 1024;

/// The state that all requests share.
struct Service {
  std::shared_ptr<V1Storage> storage; ///< shared with pushes and the mirror
  std::unique_ptr<Auth> auth;
  std::unique_ptr<SearchIndex> index;
  std::unique_ptr<PullThrough> mirror; ///< null if this server is no mirror
  OpenUploads uploads;
  /// Limits the memory for parsed documents, in bytes. A large document does not block smaller ones
  /// that fit beside it.
  Turns documents{k_documents_bytes};
  Turns diffs{1}; ///< comparisons of layers: one at a time, as each takes up to as much memory
  bool read_only = false;
  bool redirect = false; ///< layers that others can send are fetched there
  bool search = true;
  std::string issue;                                ///< the answer for "/"
  std::function<std::string()> metrics;             ///< the text of /metrics
  std::function<void(const std::string&)> complain; ///< receives messages for the operator
};

/// A parsed document takes up to this many times its size.
inline constexpr std::uint64_t k_document_growth = 48;

/// Waits until a document may take this much memory; small ones need not wait.
inline Turns::Turn take_turn(Service& service, const Request& request, std::uint64_t size_bytes) {
  constexpr std::uint64_t k_small_bytes = 1024 * 1024;
  return size_bytes > k_small_bytes ? service.documents.take(size_bytes, request) : Turns::Turn();
}

/// Opens an image for writing, like V1Storage::write_image(), and waits as long as the client does.
/// Null after k_writer_patience.
std::unique_ptr<V1Storage::ImageWriter> take_writer(Service& service, const Request& request,
                                                    const std::string& id);

/// One request and its parsed parts.
struct Call {
  Service& service;
  const Request& request;
  const Target& target;
  std::string_view body;
  /// The turn for a large body; ended before waiting for other clients.
  Turns::Turn turn;
};

// --- images ---

inline constexpr auto k_broken_chain =
    "the chain of the image's parents is broken, a loop, or longer than 4096 images";

/// The refusal, or nothing if the image is complete.
std::optional<Response> refuse_incomplete(const Call& call);

/// Fetches the JSON of a missing image from the mirror's source, if there is one. Returns nothing,
/// or the refusal: `absent` if the source has no such image.
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
