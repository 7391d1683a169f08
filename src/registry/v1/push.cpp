// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/push.hpp"

#include "registry/status.hpp"
#include "registry/v1/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/difference.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/push_progress.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>

namespace regctl::registry::v1 {

namespace {

constexpr int k_looks_at_tags = 3;

using Need = RepositorySession::Need;
using Stage = PushProgress::Stage;

/// Results of sending a layer.
struct Sent {
  std::uint64_t size_bytes = 0;
  Sha256 payload;                 // unused if the upload has a verified checksum
  std::shared_ptr<Tarsum> tarsum; // likewise; shared with the source that feeds it
};

struct Checksums {
  std::string payload;
  std::optional<std::string> tarsum;
};

/// A registry's refusal (409) to take a part of an image.
struct PushRefusal {
  std::string text;
  V1Image expected; ///< the image that the registry should have then, as far as known
};

/// Limits the wait for an image that another client uploads: as long as all attempts of one request
/// may take.
class OthersUpload {
public:
  explicit OthersUpload(const http::TransportOptions& options)
      : retries_(options.retries), pause_(options.retry_delay),
        end_(Clock::now() + options.stall_timeout * (options.retries + 1)) {}

  /// Waits before the image is looked up again; `state` is its present state. Returns false when
  /// the limit is reached.
  bool wait(V1ImageState state) {
    // An absent image is not being uploaded by any client: a few looks are enough.
    absent_looks_ = state == V1ImageState::absent ? absent_looks_ + 1 : 0;
    if (absent_looks_ > retries_ || Clock::now() >= end_) {
      return false;
    }
    interruptible_sleep_ms(static_cast<long>(pause_.count()));
    pause_ = std::min(2 * pause_, k_longest_pause);
    return true;
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds k_longest_pause{5000};

  unsigned retries_;
  unsigned absent_looks_ = 0; ///< in a row
  std::chrono::milliseconds pause_;
  Clock::time_point end_;
};

/// The checksums to send: those computed while the layer was sent, or, if the source's checksum was
/// verified, those of the source. In the latter case a tarsum is passed on if the source recorded
/// one, and not computed.
Checksums checksums(const V1Upload& upload, Sent& sent) {
  if (!upload.verified_checksum) {
    return {to_digest(sent.payload.finish_hex()), sent.tarsum->result()};
  }
  const auto tarsums = recorded_tarsums(upload.image);
  return {*upload.verified_checksum,
          tarsums.empty() ? std::nullopt : std::optional(tarsums.front())};
}

/// Opens the layer for one attempt to send it, and starts the checksums anew.
std::unique_ptr<Source> open_counted(const V1Upload& upload, Sent& sent) {
  sent = Sent();
  auto counted = make_tap_source(upload.layer(), [&sent](std::span<const std::byte> bytes) {
    sent.size_bytes += bytes.size();
  });
  if (upload.verified_checksum) {
    return counted;
  }
  sent.payload.update(payload_prefix(upload.image.json));
  sent.tarsum = std::make_shared<Tarsum>(upload.image.json);
  auto tapped = make_tap_source(std::move(counted), [&sent](std::span<const std::byte> bytes) {
    sent.payload.update(bytes);
  });
  return make_unpack_tee(std::move(tapped), sent.tarsum, "the layer");
}

/// The image as a registry has it after it has taken everything.
V1Image image_as_sent(const V1Upload& upload, std::uint64_t layer_size_bytes, std::string payload) {
  auto image = upload.image;
  image.layer_size_bytes = layer_size_bytes;
  image.payload_checksums = {std::move(payload)};
  return image;
}

/// The same, as far as known before sending.
V1Image image_to_send(const V1Upload& upload) {
  auto image = upload.image;
  image.payload_checksums.clear(); // those of the source; the layer may be compressed on the way
  if (upload.verified_checksum) {
    image.payload_checksums.push_back(*upload.verified_checksum);
  }
  return image;
}

/// The same, without sending: reads the layer as it would have been sent.
V1Image read_image_to_send(const V1Upload& upload) {
  Sent sent;
  std::string json;
  do { // the original JSON of a store that re-encodes is known only at the layer's end
    json = upload.image.json;
    drain(*open_counted(upload, sent));
  } while (json != upload.image.json);
  return image_as_sent(upload, sent.size_bytes, checksums(upload, sent).payload);
}

http::Request put(std::string target, http::Body body) {
  http::Request request;
  request.method = http::Method::put;
  request.url.target = std::move(target);
  request.body = std::move(body);
  return request;
}

/// The list of all images of the push, parents first, followed by an entry for each tag.
std::string announcement(const V1PushPlan& plan) {
  auto list = Json::array();
  for (const auto& id : plan.ids) {
    list.push_back({{"id", id}});
  }
  for (const auto& [tag, id] : plan.tags) {
    list.push_back({{"id", id}, {"Tag", tag}});
  }
  return list.dump();
}

class RemotePush final : public V1Push {
public:
  RemotePush(std::shared_ptr<RepositorySession> session, V1PushPlan plan)
      : session_(std::move(session)), plan_(std::move(plan)), progress_(plan_.ids) {}

  std::optional<V1Image> find_image(const std::string& id) override {
    // A dead upload answers 400: pushing it again, over its mark, repairs it.
    auto answer = ask_for_image(*session_, id);
    if (answer.state != V1ImageState::complete) {
      return std::nullopt;
    }
    progress_.advance(id, Stage::complete);
    return std::move(answer.image);
  }

  void image_arrived(const std::string& id) override { progress_.advance(id, Stage::complete); }
  [[nodiscard]] bool can_repeat() const override { return true; }

  PutOutcome put_image(const V1Upload& upload) override {
    const auto& image = upload.image;
    return in_context([&] { return "pushing image " + short_id(image.id) + " to " + where(); },
                      [&] {
                        const auto parent = parse_v1_image(image.json).parent;
                        const auto outcome = send_image(upload, parent);
                        refuse_disputed(image.id);
                        progress_.advance(image.id, Stage::complete);
                        return outcome;
                      });
  }

  void abandon(std::exception_ptr reason) noexcept override {
    progress_.abandon(std::move(reason));
  }

  void finish(const std::function<void(const std::string& tag, const std::string& id,
                                       const std::string& where)>& on_tag) override {
    const auto base =
        session_->connection().base.origin() + repository_path(session_->repository());
    for (const auto& [tag, id] : plan_.tags) {
      on_tag(tag, id, base + "/tags/" + tag);
      put_tag(*session_, tag, id);
    }
    auto request = put(repository_path(session_->repository()) + "/images", http::text_body("[]"));
    request.headers.add("Content-Type", "application/json");
    auto response = session_->send_index(request, Need::write);
    if (!http::is_success(response.status)) {
      throw_status(response, "cannot end the push to " + where());
    }
    http::discard_body(response);
    expect_tags();
    look_at_unseen();
  }

private:
  [[nodiscard]] std::string where() const { return session_->describe(); }

  /// Checks that the tags lead to their images, even though the registry accepted them. A new tag
  /// may take a moment to show.
  void expect_tags() {
    auto pause = session_->connection().transport.options().retry_delay;
    for (int tries = 1; const auto problem = find_wrong_tag(); ++tries, pause *= 2) {
      if (tries == k_looks_at_tags) {
        throw Error(ErrorKind::integrity, *problem,
                    "if another client sets this tag too, only one of the two can win");
      }
      interruptible_sleep_ms(static_cast<long>(pause.count()));
    }
  }

  /// A sentence about the first tag that does not lead to its image. A single tag is asked for
  /// alone, because a list may have a hundred thousand.
  std::optional<std::string> find_wrong_tag() {
    if (plan_.tags.empty() ||
        (plan_.tags.size() == 1 && find_tag(*session_, plan_.tags.begin()->first) ==
                                       std::optional(plan_.tags.begin()->second))) {
      return std::nullopt;
    }
    const auto there = list_tags(*session_).value_or(V1Tags());
    for (const auto& [tag, id] : plan_.tags) {
      const auto found = there.find(tag);
      if (found == there.end() || !found->second) {
        return "tag " + where() + ":" + tag + " is not there although the registry accepted it";
      }
      if (found->second != id) {
        return "tag " + where() + ":" + tag + " leads to image " + short_id(*found->second) +
               " although the registry accepted it for " + short_id(id);
      }
    }
    return std::nullopt;
  }

  PutOutcome send_image(const V1Upload& upload, const std::optional<std::string>& parent) {
    progress_.wait_for(parent, Stage::json_there);
    const auto& id = upload.image.id;
    OthersUpload others(session_->connection().transport.options());
    for (bool is_first = true;; is_first = false) {
      const auto refusal = try_to_send(upload, parent);
      if (!refusal) {
        return PutOutcome::stored;
      }
      const auto answer = ask_for_image(*session_, id);
      if (answer.state == V1ImageState::complete) {
        refuse_disputed(id);
        expect_same(answer.image, upload, *refusal);
        return PutOutcome::already_there;
      }
      if (is_first && answer.state == V1ImageState::in_progress) {
        session_->connection().transport.note("another client is pushing image " + short_id(id) +
                                              " to " + session_->connection().host +
                                              "; waiting for it");
      }
      if (!others.wait(answer.state)) {
        throw_never_there(id, answer.state, *refusal);
      }
      progress_.wait_for(std::nullopt, Stage::waiting); // throws if the push has failed
    }
  }

  /// Sends all parts of an image. Returns the refusal if the registry did not take one because it
  /// has the image.
  std::optional<PushRefusal> try_to_send(const V1Upload& upload,
                                         const std::optional<std::string>& parent) {
    Sent sent;
    std::string json;
    do {
      json = upload.image.json;
      if (const auto text = send_json(upload.image)) {
        return PushRefusal{*text, image_to_send(upload)};
      }
      progress_.advance(upload.image.id, Stage::json_there);
      if (const auto text = send_layer(upload, sent)) {
        return PushRefusal{*text, image_to_send(upload)};
      }
      // The original JSON of a store that re-encodes is known only at the layer's end.
      // docker-registry takes json and layer again while the image is marked as an upload.
    } while (json != upload.image.json);
    progress_.wait_for(parent, Stage::complete);
    const auto sums = checksums(upload, sent);
    if (const auto text = send_checksum(upload.image.id, sums)) {
      return PushRefusal{*text, image_as_sent(upload, sent.size_bytes, sums.payload)};
    }
    compare_size(upload.image.id, sent.size_bytes);
    return std::nullopt;
  }

  /// Throws Error{integrity} unless the image at the registry is the one that would have been sent.
  void expect_same(const V1Image& there, const V1Upload& upload, const PushRefusal& refusal) const {
    auto difference = find_v1_difference(there, refusal.expected);
    const bool tells_sum = !payload_sums(there).empty();
    const bool tells_more =
        tells_sum ? payload_sums(refusal.expected).empty() : !refusal.expected.layer_size_bytes;
    if (difference.empty() && tells_more) {
      difference = find_v1_difference(there, read_image_to_send(upload));
    }
    if (!difference.empty()) {
      throw Error(ErrorKind::integrity,
                  session_->connection().host + " holds another image " + short_id(there.id) +
                      " than the one that is pushed: " + difference,
                  "another client has pushed it under the same ID");
    }
  }

  [[noreturn]] void throw_never_there(const std::string& id, V1ImageState state,
                                      const PushRefusal& refusal) const {
    const auto& host = session_->connection().host;
    if (state == V1ImageState::in_progress) {
      throw Error(ErrorKind::unavailable,
                  "another client has been pushing image " + short_id(id) + " to " + host +
                      " all the time, and has not completed it",
                  "try again when its push is done, or with a longer --timeout");
    }
    throw Error(ErrorKind::unavailable, host + " does not take image " + short_id(id) +
                                            ", saying '" + refusal.text +
                                            "', but does not have it either");
  }

  /// Sends a request of the push. Returns the text of a 409: the server has the image, or another
  /// client is uploading it.
  std::optional<std::string> send(const http::Request& request, const std::string& what) {
    auto response = session_->send(request, Need::write);
    if (response.status == 409) {
      return error_text(response);
    }
    if (!http::is_success(response.status)) {
      throw_status(response, what);
    }
    http::discard_body(response);
    return std::nullopt;
  }

  std::optional<std::string> send_json(const V1Image& image) {
    auto request = put(image_path(image.id, "json"), http::text_body(image.json));
    request.headers.add("Content-Type", "application/json");
    return send(request, "cannot put the JSON of image " + short_id(image.id));
  }

  std::optional<std::string> send_layer(const V1Upload& upload, Sent& sent) {
    http::Body body;
    body.size_bytes = upload.image.layer_size_bytes;
    body.open = [&] { return open_counted(upload, sent); };
    auto request = put(image_path(upload.image.id, "layer"), std::move(body));
    request.headers.add("Content-Type", "application/octet-stream");
    return send(request, "cannot put the layer of image " + short_id(upload.image.id));
  }

  std::optional<std::string> send_checksum(const std::string& id, const Checksums& sums) {
    auto request = put(image_path(id, "checksum"), http::text_body(""));
    request.headers.add("X-Docker-Checksum-Payload", sums.payload);
    // Engines send the tarsum, so a server may require it; docker-registry 0.9 ignores it. A layer
    // that is not a tar has none.
    if (sums.tarsum) {
      request.headers.add("X-Docker-Checksum", *sums.tarsum);
    }
    auto response = session_->send(request, Need::write);
    if (response.status == 400) {
      const auto text = error_text(response);
      throw Error(ErrorKind::integrity, "the registry holds other bytes of the layer of image " +
                                            short_id(id) + " than were sent (" + text + ")");
    }
    if (response.status == 409) {
      return error_text(response);
    }
    if (!http::is_success(response.status)) {
      throw_status(response, "cannot put the checksum of image " + short_id(id));
    }
    http::discard_body(response);
    return std::nullopt;
  }

  /// Compares the stored size with the sent one, because docker-registry 0.9 ignores write errors
  /// of its disk.
  void compare_size(const std::string& id, std::uint64_t sent_bytes) {
    const auto answer = ask_for_image(*session_, id);
    if (answer.state == V1ImageState::absent && !plan_.tags.empty() && !is_tagged_) {
      // Quay shows an image only when a tag leads to it.
      const std::lock_guard lock(mutex_);
      unseen_.emplace(id, sent_bytes);
      return;
    }
    if (answer.state != V1ImageState::complete) {
      throw Error(ErrorKind::integrity,
                  "image " + short_id(id) + " is not there although the registry accepted it");
    }
    const auto size = answer.image.layer_size_bytes;
    if (size && *size != sent_bytes) {
      const std::lock_guard lock(mutex_);
      disputed_.emplace(id, Error(ErrorKind::integrity,
                                  "the registry holds " + std::to_string(*size) +
                                      " bytes of the layer of image " + short_id(id) +
                                      ", of which " + std::to_string(sent_bytes) + " were sent",
                                  "the registry's disk may be full"));
    }
  }

  void look_at_unseen() {
    is_tagged_ = true;
    for (const auto& [id, sent_bytes] : unseen_) {
      compare_size(id, sent_bytes);
      refuse_disputed(id);
    }
  }

  /// Throws if the image has the wrong size at the registry. The registry takes it for complete and
  /// answers "already exists" to a second attempt, which must not count as success.
  void refuse_disputed(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = disputed_.find(id); found != disputed_.end()) {
      throw found->second;
    }
  }

  std::shared_ptr<RepositorySession> session_;
  V1PushPlan plan_;
  PushProgress progress_;
  std::mutex mutex_;                            ///< guards the members below
  std::map<std::string, Error> disputed_;       // images whose stored size is wrong
  std::map<std::string, std::uint64_t> unseen_; // sent sizes, to be compared after the tags are set
  bool is_tagged_ = false;
};

} // namespace

std::unique_ptr<V1Push> begin_push(std::shared_ptr<RepositorySession> session,
                                   const V1PushPlan& plan) {
  auto body = announcement(plan);
  session->set_announcement(body);
  auto request =
      put(repository_path(session->repository()) + "/", http::text_body(std::move(body)));
  request.headers.add("Content-Type", "application/json");
  auto response = session->send_index(request, Need::write);
  const auto& name = session->repository();
  if (response.status == 404 && std::count(name.begin(), name.end(), '/') > 1) {
    http::discard_body(response); // docker-registry-server (npm)
    throw Error(ErrorKind::unsupported,
                session->connection().host + " does not take the name " + name +
                    ", which has more than two parts",
                "give it another name there: NAMESPACE/NAME");
  }
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot begin a push to " + session->describe());
  }
  http::discard_body(response);
  return std::make_unique<RemotePush>(std::move(session), plan);
}

} // namespace regctl::registry::v1
