// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/work_limit.hpp"
#include "server/v1/auth.hpp"
#include "server/v1/open_uploads.hpp"
#include "server/v1/pull_through.hpp"
#include "server/v1/search_index.hpp"
#include "server/v1/target.hpp"

#include <regctl/formats/v1_storage.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regctl::server {

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
  WorkLimit documents{k_documents_bytes};
  WorkLimit diffs{1}; ///< comparisons of layers: one at a time, as each takes up to as much memory
  bool read_only = false;
  bool redirect = false; ///< layers that others can send are fetched there
  bool search = true;
  std::string issue;                                ///< the answer for "/"
  std::function<std::string()> metrics;             ///< the text of /metrics
  std::function<void(const std::string&)> complain; ///< receives messages for the operator
};

/// Waits until a document may take this much memory; small ones need not wait.
inline WorkLimit::Share take_share(Service& service, const Request& request,
                                   std::uint64_t size_bytes) {
  constexpr std::uint64_t k_small_bytes = 1024 * 1024;
  return size_bytes > k_small_bytes ? service.documents.take(size_bytes, request)
                                    : WorkLimit::Share();
}

/// One request and its parsed parts.
struct Call {
  Service& service;
  const Request& request;
  const Target& target;
  std::string_view body;
  /// The share that a large body takes; ended before waiting for other clients.
  WorkLimit::Share share;
};

} // namespace regctl::server
