// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/repository.hpp>
#include <regctl/model/v1/image.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Tags by name, each with the ID of its image; nothing for a tag that the store lists but cannot
/// read (docker-registry sends `null` for it).
using V1Tags = std::map<std::string, std::optional<std::string>>;

/// How open_layer() checks a layer at its end.
enum class LayerCheck {
  verify, ///< throw Error{integrity} instead of ending if size or payload checksum are wrong
  /// Cheap first try; on failure repeat with `verify`. Of V1Image::json_candidates only the first
  /// is tried for a large layer, so that a sound layer may fail.
  verify_likeliest,
  /// As `verify`, but whether a layer without a payload checksum can be unpacked is up to the
  /// caller: of such a layer only its tarsum is compared, if it has both that and a sound tar.
  sums,
  none, ///< pass the bytes through
};

/// The bytes of a layer where their store keeps them, for a destination that can have them copied
/// there (V1Upload::at_rest). Each kind of store knows its own.
class LayerAtRest {
public:
  LayerAtRest() = default;
  virtual ~LayerAtRest() = default;
  LayerAtRest(const LayerAtRest&) = delete;
  LayerAtRest& operator=(const LayerAtRest&) = delete;
};

/// The stored bytes of a layer.
class LayerSource : public Source {
public:
  /// After the end was read: the JSON as it was pushed. This is the text of `json_candidates` (or
  /// `json`) for which the payload checksum was right; `json` if nothing was checked.
  [[nodiscard]] virtual const std::string& original_json() const = 0;

  /// Optional: the same bytes, in the version that is read here, where they are kept.
  [[nodiscard]] virtual std::shared_ptr<const LayerAtRest> at_rest() const { return nullptr; }
};

/// The images and tags of a push to one repository.
struct V1PushPlan {
  std::vector<std::string> ids;                          ///< every image, parents before children
  std::map<std::string, std::string> tags;               ///< tag → ID
  std::vector<std::optional<std::uint64_t>> layer_sizes; ///< one for each ID where known, or empty
};

/// The data sent for one image.
struct V1Upload {
  /// The image. layer_size_bytes is the size of the bytes from `layer`, if known. `json` is final
  /// only after `layer` was read to its end: the reading thread may replace it then
  /// (LayerSource::original_json). A sender that has already sent another text must send the image
  /// again.
  V1Image image;
  /// Opens the layer's bytes as they will be stored.
  OpenSource layer;

  /// The payload checksum of the bytes from `layer`, if it is known beforehand and `layer` throws
  /// instead of ending when it is wrong. A sender then need not compute it again.
  std::optional<std::string> verified_checksum;

  /// Optional, set by each call of `layer`: the bytes that it opens, where they are kept. A
  /// destination that can have them copied from there need not send them.
  std::shared_ptr<const LayerAtRest> at_rest = nullptr;
  /// Whether `layer` checks what it reads. Then it has to be read to its end before the bytes are
  /// taken from `at_rest`; else it need not be read at all.
  bool is_checked = true;
};

enum class PutOutcome { stored, already_there };

/// A push under way. put_image() may be called from several threads for different images, as long
/// as the calls begin in the plan's order. A call waits until its prerequisites are there: the
/// parent, or the image's turn in a stream. Destruction without finish() moves no tag and gives no
/// archive its final name; uploaded images may stay.
class V1Push {
public:
  virtual ~V1Push() = default;

  /// The image as the destination reports it, if it is complete there. Its layer then need not be
  /// opened, and put_image() of its children no longer waits for it.
  virtual std::optional<V1Image> find_image(const std::string& id) = 0;

  /// Reports that another client has completed the image at the destination: put_image() of its
  /// children no longer waits for it.
  virtual void image_arrived(const std::string& id) = 0;

  /// Stores one image completely: JSON, layer, checksum. Returns already_there if another client
  /// stored an equal image; a different one is Error{integrity}. After Error{integrity} the call
  /// may be repeated if can_repeat().
  virtual PutOutcome put_image(const V1Upload& upload) = 0;

  /// Makes a damaged image that is there one that put_image() stores anew. False if the destination
  /// takes no image again that it has.
  virtual bool start_over(const std::string&) { return false; }

  /// False if written bytes cannot be taken back (an archive on stdout).
  [[nodiscard]] virtual bool can_repeat() const = 0;

  /// Ends a failed push: every put_image() that waits, and every later one, throws `reason`.
  /// Without this, children of an image that never comes would wait for ever.
  virtual void abandon(std::exception_ptr reason) noexcept = 0;

  /// Sets the plan's tags, ends the push, and checks that the tags point to their images (else
  /// Error{integrity}). Before each tag, calls `on_tag` with the tag, the ID and the destination.
  virtual void finish(const std::function<void(const std::string& tag, const std::string& id,
                                               const std::string& where)>& on_tag) = 0;
};

/// How much of an image a store has.
enum class V1ImageState {
  absent,
  in_progress, ///< its upload is under way or was never completed
  complete,
};

/// A store's answer about an image.
struct V1Answer {
  V1ImageState state = V1ImageState::absent;
  V1Image image; ///< set if complete
};

/// One repository of images by ID, with tags: at a v1 registry, in a storage tree, in an archive.
/// Thread-safe.
class V1Repository : public Repository {
public:
  /// All tags. Throws Error{not_found} if the repository does not exist.
  virtual V1Tags tags() = 0;

  /// The IDs from `id` down to its base, child first, as the store recorded them. They are not
  /// compared with the images' parents: read_chain (ops) does that. Nothing if the record is
  /// missing, malformed or longer than k_max_chain.
  virtual std::optional<std::vector<std::string>> ancestry(const std::string& id) = 0;

  /// The image, or nothing if it is not there. Throws Error{unavailable} for an image whose upload
  /// was never completed.
  virtual std::optional<V1Image> find_image(const std::string& id) = 0;

  /// Like find_image(), but an upload that is under way or was never completed is no error, and is
  /// not waited for.
  virtual V1Answer look_up(const std::string& id) = 0;

  /// The JSON of an image; nothing if that is not there. A store that keeps layers in files of
  /// their own tells it whatever the state of the image's layer is, others as find_image().
  virtual std::optional<std::string> json_of(const std::string& id);

  /// The stored bytes of the layer, from the first one on. `image` must come from find_image().
  virtual std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) = 0;

  /// Begins a push. Throws Error{unsupported} if the repository cannot be written.
  virtual std::unique_ptr<V1Push> start_push(const V1PushPlan& plan) = 0;

  /// Points `tag` at the image `id`, which must exist.
  virtual void put_tag(const std::string& tag, const std::string& id) = 0;
};

/// A read-only repository: each call that would change it throws refusal().
class ReadOnlyV1Repository : public V1Repository {
public:
  std::unique_ptr<V1Push> start_push(const V1PushPlan&) final { refuse(); }
  void put_tag(const std::string&, const std::string&) final { refuse(); }
  void remove_tag(const std::string&) final { refuse(); }
  void remove() final { refuse(); }

private:
  /// The error for such a call: Error{unsupported} with a general message unless overridden.
  [[nodiscard]] virtual Error refusal() const;
  [[noreturn]] void refuse() const;
};

} // namespace regctl
