// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/repository.hpp"

#include "registry/status.hpp"
#include "registry/v1/docker_headers.hpp"
#include "registry/v1/json_candidates.hpp"
#include "registry/v1/push.hpp"
#include "registry/v1/tag_list.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/http/resume.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/layer.hpp>

#include <algorithm>

namespace regctl::registry::v1 {

namespace {

using Need = RepositorySession::Need;

/// A running upload ends soon; after this many looks it counts as dead.
constexpr int k_in_progress_tries = 3;

V1Image read_image(RepositorySession& session, http::Response& response, const std::string& id) {
  V1Image image;
  image.id = id;
  image.json = http::read_body(response, k_document_limit_bytes);
  image.layer_size_bytes = parse_layer_size(response.headers.find("X-Docker-Size"));
  if (const auto sums = response.headers.find("X-Docker-Checksum-Payload")) {
    image.payload_checksums = parse_checksums(*sums);
  } else if (const auto sum = response.headers.find("X-Docker-Checksum");
             sum && sum->starts_with(k_sha256_prefix)) {
    // docker-registry-server 2.2.0 (npm) prints the JSON anew, so the checksum may be that of
    // another text.
    image.payload_checksums = {*sum};
    for (auto& candidate : original_json_candidates(image.json, session.json_style().get())) {
      image.json_candidates.push_back(std::move(candidate.text));
    }
  }
  if (const auto named = parse_v1_image(image.json).id; named != id) {
    throw Error(ErrorKind::protocol, "the JSON of image " + id + " is that of image " + named);
  }
  return image;
}

class NoLayer final : public Source {
public:
  std::size_t read(std::span<std::byte>) override { return 0; }
};

/// Remembers the style in which the JSON of `image` was pushed.
void learn_style(RepositorySession& session, const V1Image& image, const std::string& json) {
  for (const auto& candidate : original_json_candidates(image.json, std::nullopt)) {
    if (!image.json_candidates.empty() && candidate.text == json) {
      session.json_style().set(candidate.style);
    }
  }
}

/// The request for a layer's bytes from `offset` on.
http::Request layer_request(const V1Image& image, std::uint64_t offset) {
  auto request = get(image_path(image.id, "layer"));
  if (offset > 0 && image.layer_size_bytes) {
    // docker-registry 0.9 announces one byte too many for "N-" and then stalls, and it answers 416
    // to a range of one byte. So the range always names the last byte and has at least two.
    const auto last = *image.layer_size_bytes - 1;
    const auto first = std::min(offset, last - 1);
    request.headers.add("Range", "bytes=" + std::to_string(first) + "-" + std::to_string(last));
  }
  return request;
}

http::Response open_layer_at(RepositorySession& session, const V1Image& image,
                             std::uint64_t offset) {
  auto response = session.send(layer_request(image, offset), Need::read);
  if (response.status == 416 && offset == 0) {
    // docker-registry 0.9 answers 416 for a layer of 0 bytes even without a Range.
    http::discard_body(response);
    response.status = 200;
    response.body = std::make_unique<NoLayer>();
  }
  // If the server has no range to resume from, the caller asks for the whole layer.
  const bool has_no_range = offset > 0 && (response.status == 404 || response.status == 416);
  if (response.status != 200 && response.status != 206 && !has_no_range) {
    throw_status(response, "cannot read the layer of image " + short_id(image.id));
  }
  return response;
}

} // namespace

std::string image_path(const std::string& id, std::string_view part) {
  return "/v1/images/" + http::percent_encode(id) + "/" + std::string(part);
}

V1Answer ask_for_image(RepositorySession& session, const std::string& id) {
  auto response = session.send(get(image_path(id, "json")), Need::read);
  if (response.status == 200) {
    return {V1ImageState::complete, read_image(session, response, id)};
  }
  if (response.status == 404 || response.status == 400) {
    const auto state = response.status == 404 ? V1ImageState::absent : V1ImageState::in_progress;
    http::discard_body(response);
    return {state, {}};
  }
  throw_status(response, "cannot read image " + short_id(id));
}

std::optional<V1Tags> list_tags(RepositorySession& session) {
  auto response = session.send(get(repository_path(session.repository()) + "/tags"), Need::read);
  if (response.status == 404) {
    http::discard_body(response);
    return std::nullopt;
  }
  if (response.status != 200) {
    throw_status(response, "cannot list the tags of " + session.describe());
  }
  const auto what = "the list of tags of " + session.describe();
  return read_tag_list(http::read_body(response, k_listing_limit_bytes), what,
                       [&](const std::string& tag) { return find_tag(session, tag); });
}

std::optional<std::string> find_tag(RepositorySession& session, const std::string& tag) {
  constexpr std::uint64_t k_limit_bytes = 4096;
  constexpr const char* k_around = "\" \r\n"; // docker-registry-server (npm) sends the bare ID
  auto response = session.send(
      get(repository_path(session.repository()) + "/tags/" + http::percent_encode(tag)),
      Need::read);
  if (response.status != 200) {
    http::discard_body(response);
    return std::nullopt;
  }
  auto id = http::read_body(response, k_limit_bytes);
  id.erase(id.find_last_not_of(k_around) + 1);
  id.erase(0, id.find_first_not_of(k_around));
  return is_v1_id(id) ? std::optional(std::move(id)) : std::nullopt;
}

void put_tag(RepositorySession& session, const std::string& tag, const std::string& id) {
  auto request = get(repository_path(session.repository()) + "/tags/" + http::percent_encode(tag));
  request.method = http::Method::put;
  request.headers.add("Content-Type", "application/json");
  request.body = http::text_body("\"" + id + "\"");
  auto response = session.send(request, Need::write);
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot set tag " + session.describe() + ":" + tag);
  }
  http::discard_body(response);
}

RemoteRepository::RemoteRepository(std::shared_ptr<RepositorySession> session)
    : session_(std::move(session)) {}

std::string RemoteRepository::describe() const {
  return session_->describe();
}

V1Tags RemoteRepository::tags() {
  auto tags = list_tags(*session_);
  if (!tags) {
    const auto& host = session_->connection().host;
    throw Error(ErrorKind::not_found,
                "there is no repository " + session_->repository() + " at " + host,
                "regctl search " + host + " lists those that there are");
  }
  return std::move(*tags);
}

std::optional<std::vector<std::string>> RemoteRepository::ancestry(const std::string& id) {
  auto request = get(image_path(id, "ancestry"));
  request.repeat = http::Repeat::not_after_500;
  auto response = session_->send(std::move(request), Need::read);
  if (response.status != 200) {
    // 404 means a missing file, 400 an unfinished upload, 500 a damaged file. In all cases the
    // caller learns more from the chain of parents.
    http::discard_body(response);
    return std::nullopt;
  }
  const auto document = find_json(http::read_body(response, k_document_limit_bytes));
  if (!document || !document->is_array() || document->size() > k_max_chain) {
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (const auto& entry : *document) {
    if (!entry.is_string() || !is_v1_id(entry.get_ref<const std::string&>())) {
      return std::nullopt;
    }
    ids.push_back(entry.get<std::string>());
  }
  return ids;
}

V1Answer RemoteRepository::look_up(const std::string& id) {
  return ask_for_image(*session_, id);
}

std::optional<V1Image> RemoteRepository::find_image(const std::string& id) {
  auto answer = look_up(id);
  for (int tries = 1; answer.state == V1ImageState::in_progress && tries < k_in_progress_tries;
       ++tries) {
    interruptible_sleep_ms(
        static_cast<long>(session_->connection().transport.options().retry_delay.count()));
    answer = look_up(id);
  }
  if (answer.state == V1ImageState::in_progress) {
    throw Error(
        ErrorKind::unavailable,
        "image " + short_id(id) + " at " + session_->connection().host +
            " is being uploaded, or its upload was never completed",
        "try again when its push is done; if nobody pushes it, pushing it again repairs it");
  }
  return answer.state == V1ImageState::complete ? std::optional(std::move(answer.image))
                                                : std::nullopt;
}

std::unique_ptr<LayerSource> RemoteRepository::open_layer(const V1Image& image, LayerCheck check) {
  const auto what = "layer of image " + short_id(image.id);
  const auto& host = session_->connection().host;
  std::unique_ptr<Source> bytes;
  if (image.layer_size_bytes == 0) {
    bytes = std::make_unique<NoLayer>();
  } else {
    bytes = http::make_resuming_source(
        session_->connection().transport,
        [session = session_, image](std::uint64_t offset) {
          return open_layer_at(*session, image, offset);
        },
        image.layer_size_bytes, what + " at " + host);
  }
  return make_layer_source(
      std::move(bytes), image, check, {what, host},
      [session = session_, image](const std::string& json) { learn_style(*session, image, json); });
}

std::unique_ptr<V1Push> RemoteRepository::start_push(const V1PushPlan& plan) {
  return begin_push(session_, plan);
}

void RemoteRepository::put_tag(const std::string& tag, const std::string& id) {
  session_->set_announcement(Json::array({{{"id", id}, {"Tag", tag}}}).dump());
  v1::put_tag(*session_, tag, id);
}

void RemoteRepository::remove_tag(const std::string& tag) {
  // npm's server answers 200 even if there was no such tag.
  if (!tags().contains(tag)) {
    throw Error(ErrorKind::not_found, "there is no tag " + describe() + ":" + tag);
  }
  auto request =
      get(repository_path(session_->repository()) + "/tags/" + http::percent_encode(tag));
  request.method = http::Method::remove;
  auto response = session_->send(request, Need::remove);
  // A retry gets 404 if the first attempt has removed the tag.
  const bool is_gone =
      response.status == 404 && !list_tags(*session_).value_or(V1Tags()).contains(tag);
  if (!http::is_success(response.status) && !is_gone) {
    throw_status(response, "cannot remove tag " + describe() + ":" + tag);
  }
  http::discard_body(response);
}

void RemoteRepository::remove() {
  static_cast<void>(
      tags()); // throws if there is no such repository: a server that cannot remove answers 404 too
  auto request = get(repository_path(session_->repository()) + "/");
  request.method = http::Method::remove;
  auto response = session_->send_index(request, Need::remove);
  if (response.status == 404 || response.status == 405) {
    http::discard_body(response);
    if (!list_tags(*session_)) {
      return; // a retry gets 404 if the first attempt has removed it
    }
    throw Error(ErrorKind::unsupported, session_->connection().host + " cannot remove repositories",
                "remove the tags one by one: regctl rm " + describe() + ":TAG");
  }
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot remove repository " + describe());
  }
  http::discard_body(response);
}

} // namespace regctl::registry::v1
