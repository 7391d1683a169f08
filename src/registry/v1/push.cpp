// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/push.hpp"

#include "registry/status.hpp"
#include "registry/v1/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/model/push_progress.hpp>
#include <regctl/model/tarsum.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

namespace regctl::registry::v1 {

namespace {

using Need = Session::Need;
using Stage = PushProgress::Stage;

/// What was learnt about a layer while it was sent.
struct Sent {
  std::uint64_t size_bytes = 0;
  Sha256 payload;                 // unused where the upload has its sum already
  std::shared_ptr<Tarsum> tarsum; // the same; shared with the source that feeds it
};

struct Checksums {
  std::string payload;
  std::optional<std::string> tarsum;
};

/// Those that were taken on the way, or those of the place the image comes from: what it tells and
/// was found right is passed on, and what nobody has looked at is not made up.
Checksums checksums(const V1Upload& upload, Sent& sent) {
  if (!upload.verified_checksum) {
    return {"sha256:" + sent.payload.finish_hex(), sent.tarsum->result()};
  }
  const auto& told = upload.image.payload_checksums;
  const auto tarsum = std::find_if(told.begin(), told.end(), [](const std::string& sum) {
    return sum.starts_with("tarsum+sha256:");
  });
  return {*upload.verified_checksum, tarsum == told.end() ? std::nullopt : std::optional(*tarsum)};
}

http::Request put(std::string target, http::Body body) {
  http::Request request;
  request.method = http::Method::put;
  request.url.target = std::move(target);
  request.body = std::move(body);
  return request;
}

/// The list that names every image of the push, parents first, each tag at an entry of its own.
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
  RemotePush(std::shared_ptr<Session> session, V1PushPlan plan)
      : session_(std::move(session)), plan_(std::move(plan)), progress_(plan_.ids) {}

  bool has_image(const std::string& id) override {
    // An upload that died answers 400: it is pushed again, over the mark, which repairs it.
    const bool there = ask_for_image(*session_, id).state == V1Answer::State::complete;
    if (there) {
      progress_.advance(id, Stage::complete);
    }
    return there;
  }

  void image_arrived(const std::string& id) override { progress_.advance(id, Stage::complete); }

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
    if (!is_success(response.status)) {
      throw_status(response, "cannot end the push to " + where());
    }
    http::discard_body(response);
  }

private:
  [[nodiscard]] std::string where() const { return session_->describe(); }

  PutOutcome send_image(const V1Upload& upload, const std::optional<std::string>& parent) {
    progress_.wait_for(parent, Stage::json_there);
    Sent sent;
    std::string json;
    do {
      json = upload.image.json;
      if (send_json(upload.image) == PutOutcome::already_there) {
        return PutOutcome::already_there;
      }
      progress_.advance(upload.image.id, Stage::json_there);
      if (send_layer(upload, sent) == PutOutcome::already_there) {
        return PutOutcome::already_there;
      }
      // Only the end of the layer tells the JSON of a store that re-encodes: docker-registry takes
      // json and layer again over its mark.
    } while (json != upload.image.json);
    progress_.wait_for(parent, Stage::complete);
    const auto outcome = send_checksum(upload.image.id, checksums(upload, sent));
    compare_size(upload.image.id, sent);
    return outcome;
  }

  /// Sends a request of the push; 409 (and whatever says the same) is already_there.
  PutOutcome send(const http::Request& request, const std::string& what) {
    auto response = session_->send(request, Need::write);
    if (response.status == 409) {
      http::discard_body(response);
      return PutOutcome::already_there;
    }
    if (!is_success(response.status)) {
      throw_status(response, what);
    }
    http::discard_body(response);
    return PutOutcome::stored;
  }

  PutOutcome send_json(const V1Image& image) {
    auto request = put(image_path(image.id, "json"), http::text_body(image.json));
    request.headers.add("Content-Type", "application/json");
    return send(request, "cannot put the JSON of image " + short_id(image.id));
  }

  PutOutcome send_layer(const V1Upload& upload, Sent& sent) {
    http::Body body;
    body.size_bytes = upload.image.layer_size_bytes;
    body.open = [&]() -> std::unique_ptr<Source> { // for every attempt, which starts the sums anew
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
    };
    auto request = put(image_path(upload.image.id, "layer"), std::move(body));
    request.headers.add("Content-Type", "application/octet-stream");
    return send(request, "cannot put the layer of image " + short_id(upload.image.id));
  }

  PutOutcome send_checksum(const std::string& id, const Checksums& sums) {
    auto request = put(image_path(id, "checksum"), http::text_body(""));
    request.headers.add("X-Docker-Checksum-Payload", sums.payload);
    // Engines send the tarsum, so a server may want it; docker-registry 0.9 ignores it. A layer
    // that is no tar has none.
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
      http::discard_body(response);
      return PutOutcome::already_there;
    }
    if (!is_success(response.status)) {
      throw_status(response, "cannot put the checksum of image " + short_id(id));
    }
    http::discard_body(response);
    return PutOutcome::stored;
  }

  /// docker-registry 0.9 swallows write errors of its disk; what it holds in the end tells.
  void compare_size(const std::string& id, const Sent& sent) {
    const auto answer = ask_for_image(*session_, id);
    if (answer.state != V1Answer::State::complete) {
      throw Error(ErrorKind::integrity,
                  "image " + short_id(id) + " is not there although the registry accepted it");
    }
    const auto size = answer.image.layer_size_bytes;
    if (size && *size != sent.size_bytes) {
      const std::lock_guard lock(mutex_);
      disputed_.emplace(id,
                        Error(ErrorKind::integrity,
                              "the registry holds " + std::to_string(*size) +
                                  " bytes of the layer of image " + short_id(id) + ", of which " +
                                  std::to_string(sent.size_bytes) + " were sent",
                              "the registry's disk may be full"));
    }
  }

  /// An image of the wrong size is complete for the registry, which says "already exists" to a
  /// second attempt: that must not pass for success.
  void refuse_disputed(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = disputed_.find(id); found != disputed_.end()) {
      throw found->second;
    }
  }

  std::shared_ptr<Session> session_;
  V1PushPlan plan_;
  PushProgress progress_;
  std::mutex mutex_;                      ///< guards what follows
  std::map<std::string, Error> disputed_; // images that are not there as they were sent
};

} // namespace

std::unique_ptr<V1Push> begin_push(std::shared_ptr<Session> session, const V1PushPlan& plan) {
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
  if (!is_success(response.status)) {
    throw_status(response, "cannot begin a push to " + session->describe());
  }
  http::discard_body(response);
  return std::make_unique<RemotePush>(std::move(session), plan);
}

} // namespace regctl::registry::v1
