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

/// What the source has. "It has none" is an answer; a source that cannot be asked, or refuses, gave
/// none.
template <class Value> struct Asked {
  std::optional<Value> value;
  bool has_failed = false;
};

/// 502, for a client whom only the source could have answered.
Response source_failed_response();

/// Takes what the tree has not from another v1 registry. A layer is streamed to whoever asks for it
/// while it is fetched, once however many ask, and stored; its last bytes go out only when its
/// checksum was right. Tags are asked of the source every time, so that a mirror is never stale,
/// and stored once their whole chain is here, so that it goes on when the source does not answer.
///
/// Images are asked for by their ID alone, but a source may want a token for a repository that has
/// them: each is asked for by the repository in which it was heard of. What the source gives to
/// this process everybody who may read here gets: whoever runs it keeps strangers out.
///
/// Thread-safe. No function throws for what the source does: it complains, and says so.
class PullThrough {
public:
  /// What becomes of a layer of which the source tells no checksum.
  enum class Unproven { told, refused };

  /// `source` is called for each use; it may throw while the source cannot be reached.
  PullThrough(std::shared_ptr<V1Storage> storage, std::function<registry::v1::Registry&()> source,
              std::function<void(const std::string&)> complain,
              std::function<void(const std::string& repository)> on_new_repository,
              Unproven unproven);
  ~PullThrough(); ///< waits for what is being fetched
  PullThrough(const PullThrough&) = delete;
  PullThrough& operator=(const PullThrough&) = delete;

  [[nodiscard]] Asked<V1Tags> tags(const std::string& name);
  /// The names ("library/app") that the source's search finds; nothing where it has none.
  [[nodiscard]] Asked<std::vector<std::string>> search(const std::string& term);
  [[nodiscard]] Asked<V1Image> find_image(const std::string& id, const Request& request);
  [[nodiscard]] Asked<std::vector<std::string>> ancestry(const std::string& id);

  /// The layer as an answer that is sent while it is fetched. Throws Error{unavailable} while very
  /// many are being fetched, and as `request`'s check_wanted() does.
  [[nodiscard]] std::optional<Response> open_layer(const std::string& id, const Request& request);

  /// Stores the JSONs of an image and of those below it, so that it can be tagged and built upon;
  /// their layers come when somebody asks for them. Nothing if the source has them not.
  enum class Adopted { whole };
  Asked<Adopted> adopt(const std::string& id);

  /// Whether a layer is being fetched, also where nobody waits for it any more.
  [[nodiscard]] bool is_busy() const;

private:
  struct Running {
    std::shared_ptr<Fetch> fetch; // shared with answers being sent
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
  mutable std::mutex mutex_; ///< guards what follows
  std::string last_name_;    // of a repository that was asked for
  LimitedMap<std::string> names_{
      k_known_images}; // of the repository by which an image was heard of
  LimitedMap<V1Tags> known_tags_{k_known_repositories};
  std::map<std::string, Running> fetches_; // by image
  std::vector<std::thread> ended_;         // to be joined
};

} // namespace regctl::server
