// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace regctl::server {

class Fetch;

/// An answer of the source. No value without a failure means that the source has none; a failure
/// means that it did not answer, or refused.
template <class Value> struct Asked {
  std::optional<Value> value;
  bool has_failed = false;
};

/// 502, for a request that only the source could have answered.
Response source_failed_response();

/// Fetches images that the tree lacks from another v1 registry, the source. A layer is fetched once
/// for all clients that ask for it, and stored; they get it while it is fetched, but its last bytes
/// only after its checksum was right. Tags are asked from the source every time, so that a mirror
/// is never stale. They are stored when their whole chain is here, so that the mirror works without
/// the source.
///
/// Clients ask for images only by their IDs, but the source may want a token for a repository that
/// has them. So each image is asked for through the repository that named it. Every client with
/// read access here gets all data that the source gives to this process: the operator must keep
/// others out.
///
/// Thread-safe. Functions do not throw for errors of the source: they complain, and return a
/// failure.
class PullThrough {
public:
  /// Whether a layer without a checksum at the source is accepted with a complaint, or refused.
  enum class Unproven { told, refused };

  /// `source` is called for each use; it may throw while the source cannot be reached. `complain`
  /// receives messages for the operator.
  PullThrough(std::shared_ptr<V1Storage> storage, std::function<registry::v1::Registry&()> source,
              std::function<void(const std::string&)> complain,
              std::function<void(const std::string& repository)> on_new_repository,
              Unproven unproven);
  ~PullThrough(); ///< waits for running fetches
  PullThrough(const PullThrough&) = delete;
  PullThrough& operator=(const PullThrough&) = delete;

  [[nodiscard]] Asked<V1Tags> tags(const std::string& name);
  /// The names ("library/app") that the source's search finds; nothing if it has no search.
  [[nodiscard]] Asked<std::vector<std::string>> search(const std::string& term);
  [[nodiscard]] Asked<V1Image> find_image(const std::string& id, const Request& request);
  [[nodiscard]] Asked<std::vector<std::string>> ancestry(const std::string& id);

  /// The layer, as an answer that is sent while it is fetched; nothing if the source does not have
  /// it. Throws Error{unavailable} if too many layers are being fetched, and like `request`'s
  /// check_wanted().
  [[nodiscard]] std::optional<Response> open_layer(const std::string& id, const Request& request);

  /// Stores the JSONs of an image and its ancestors, so that it can be tagged and built upon. Their
  /// layers are fetched when a client asks for them. Nothing if the source does not have them.
  enum class Adopted { whole };
  Asked<Adopted> adopt(const std::string& id);

  /// Whether a layer is being fetched, even if no client waits for it any more.
  [[nodiscard]] bool is_busy() const;

private:
  struct Running {
    std::shared_ptr<Fetch> fetch; // shared with answers that are being sent
    std::thread thread;
  };

  [[nodiscard]] std::string repository_of(const std::string& id) const;
  std::unique_ptr<V1Repository> open_repository_of(const std::string& id);
  void remember(const std::string& id, const std::string& repository);
  std::shared_ptr<Fetch> find_or_start(const std::string& id);
  void run(const std::shared_ptr<Fetch>& fetch) noexcept;
  void end(const std::string& id) noexcept;
  void join_ended();
  void fetch_layer(Fetch& fetch);
  std::optional<Adopted> put_json_with_parents(V1Repository& source, const std::string& id);
  [[nodiscard]] std::vector<std::pair<std::string, V1Tags>> known_tags() const;
  void store_complete_tags(const std::string& name, const V1Tags& tags);
  template <class Body>
  auto guarded(const std::string& what, Body&& body)
      -> Asked<typename decltype(body())::value_type>;

  static constexpr std::size_t k_known_repositories = 256;
  static constexpr std::size_t k_known_images = 16'384;

  std::shared_ptr<V1Storage> storage_; // shared with the server
  std::function<registry::v1::Registry&()> source_;
  std::function<void(const std::string&)> complain_;
  std::function<void(const std::string&)> on_new_repository_;
  Unproven unproven_;
  mutable std::mutex mutex_;                      ///< guards the members below
  std::string last_name_;                         // the repository that was asked for last
  LimitedMap<std::string> names_{k_known_images}; // the repository that named an image, by ID
  LimitedMap<V1Tags> known_tags_{k_known_repositories};
  std::map<std::string, Running> fetches_; // by image
  std::vector<std::thread> ended_;         // threads to be joined
};

} // namespace regctl::server
