/*===- eclip.h - run compiled schedules on a GPU ------------------*- C -*-===*\
|*                                                                            *|
|* Part of the ECLIP project, under the Apache License v2.0 with LLVM          *|
|* Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/
/*
 * The whole interface of libeclip, C99. docs/runtime-api.md has a program.
 *
 * Objects and lifetimes. A device outlives its schedules and buffers, a schedule
 * outlives its requests. Closing in the wrong order is refused with
 * ECLIP_ERROR_BUSY and changes nothing.
 *
 * Threads. Functions on a device and on a schedule may be called from any
 * thread at any time, except that nothing may use an object while another
 * thread closes it. A request belongs to one thread at a time.
 *
 * Memory. Everything that the library itself allocates, it allocates while a
 * device is opened or a schedule is loaded, through the caller's allocator if
 * one is given. From acquire to release a request allocates nothing and takes
 * no lock: what two models share is reserved with compare-and-swap.
 *
 * Structs. Each begins with `struct_bytes`, set by the caller to the struct's
 * size (the _INIT macros do). A library newer than its caller leaves out what
 * the caller does not know; fields that an older library does not know must be
 * zero, else the call fails with ECLIP_ERROR_UNSUPPORTED.
 *
 * Errors. A function that can fail returns a status and takes, as its last
 * parameter, an eclip_error that may be NULL. On failure one line without a
 * newline is written to its text, cut to fit and always terminated; on success
 * the text becomes empty. Out-parameters are written on success only.
 */
#ifndef ECLIP_ECLIP_H
#define ECLIP_ECLIP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ECLIP_API __attribute__((visibility("default")))
#else
#define ECLIP_API
#endif

/* Version of this interface: major breaks callers, minor adds. */
#define ECLIP_VERSION_MAJOR 0
#define ECLIP_VERSION_MINOR 2
#define ECLIP_VERSION_PATCH 0

/* ---- status -------------------------------------------------------------- */

/* The values never change their meaning; new ones are added at the end. */
typedef enum eclip_status {
  ECLIP_OK = 0,
  /* An argument is wrong by itself: null, out of range, wrong size or type. */
  ECLIP_ERROR_INVALID_ARGUMENT = 1,
  /* The allocator or the device has no memory left. */
  ECLIP_ERROR_OUT_OF_MEMORY = 2,
  /* A file cannot be opened or read. */
  ECLIP_ERROR_IO = 3,
  /* Not a schedule file, or a damaged or inconsistent one. */
  ECLIP_ERROR_BAD_FILE = 4,
  /* A schedule file that needs a newer (or no longer supported) reader. */
  ECLIP_ERROR_FORMAT_VERSION = 5,
  /* No driver library, or it finds no device. */
  ECLIP_ERROR_NO_DEVICE = 6,
  /* The schedule was compiled for another device. */
  ECLIP_ERROR_INCOMPATIBLE_DEVICE = 7,
  /* All slots are taken, or an object is still in use. */
  ECLIP_ERROR_BUSY = 8,
  /* The time is over; the request still runs. */
  ECLIP_ERROR_TIMEOUT = 9,
  /* The device stopped a queue. Nothing more runs on this eclip_device. */
  ECLIP_ERROR_DEVICE_LOST = 10,
  /* A call into the driver library failed. */
  ECLIP_ERROR_DRIVER = 11,
  /* A call out of order, such as waiting for a request never submitted. */
  ECLIP_ERROR_STATE = 12,
  /* A driver, option or struct field that this library does not have. */
  ECLIP_ERROR_UNSUPPORTED = 13,
  /* The device runs no more queues, or this library no more slots. */
  ECLIP_ERROR_RESOURCES = 14
} eclip_status;

/* A constant's name, such as "ECLIP_ERROR_BUSY"; never NULL. */
ECLIP_API const char *eclip_status_string(eclip_status status);

/* Where a message goes. `text` holds `text_bytes` bytes, terminator included. */
typedef struct eclip_error {
  size_t struct_bytes;
  char *text;
  size_t text_bytes;
} eclip_error;

/* For an array, not a pointer. */
#define ECLIP_ERROR_INIT(array)                                                \
  { sizeof(eclip_error), (array), sizeof(array) }

/* "0.2.0"; a static string. */
ECLIP_API const char *eclip_version_string(void);

/* Newest schedule format that this library reads. */
ECLIP_API uint32_t eclip_format_version(void);

/* ---- memory -------------------------------------------------------------- */

/* `allocate` returns `bytes` (> 0) aligned to `alignment` (a power of two, at
 * most 4096) or NULL. `deallocate` gets what `allocate` returned, with the same
 * size. Both may be called from any thread, but never while a request runs
 * through submit, wait or its reads and writes. */
typedef struct eclip_allocator {
  size_t struct_bytes;
  void *context;
  void *(*allocate)(void *context, size_t bytes, size_t alignment);
  void (*deallocate)(void *context, void *pointer, size_t bytes);
} eclip_allocator;

/* ---- device -------------------------------------------------------------- */

typedef struct eclip_device eclip_device;

typedef struct eclip_device_options {
  size_t struct_bytes;
  /* "hsa": an AMD GPU. "vgpu": the virtual AMD GPU, which is the same driver
   * with another library. "cuda": an NVIDIA GPU with green contexts (driver 550
   * or later). Required. */
  const char *driver;
  /* The driver's shared library, or NULL for the default: "hsa" asks the
   * system's search path for libhsa-runtime64.so.1, "cuda" for libcuda.so.1;
   * "vgpu" takes the path in
   * the environment variable ECLIP_VGPU_LIBRARY, else vgpu/ and ../lib/vgpu/
   * beside libeclip. */
  const char *library_path;
  /* Which of the driver's GPUs, from 0. */
  uint32_t device_index;
  /* Packets in each queue's ring, a power of two, or 0 for the default of
   * 16384. The device's own limits win. A request with more packets than the
   * ring holds is submitted in pieces. */
  uint32_t queue_packets;
  /* NULL: malloc and free. Copied; `context` must outlive the device. */
  const eclip_allocator *allocator;
} eclip_device_options;

#define ECLIP_DEVICE_OPTIONS_INIT                                              \
  { sizeof(eclip_device_options), NULL, NULL, 0, 0, NULL }

typedef struct eclip_device_info {
  size_t struct_bytes;
  /* Strings live as long as the device. */
  const char *driver;
  const char *name;         /* product name, or the ISA's where there is none */
  const char *isa;          /* such as amdgcn-amd-amdhsa--gfx906 */
  const char *library_path; /* as it was opened */
  uint32_t cu_count;        /* compute units */
  uint32_t shader_engines;  /* 0 where the driver does not tell */
  uint32_t queue_count;     /* hardware queues that schedules hold now */
  uint32_t schedule_count;
} eclip_device_info;

#define ECLIP_DEVICE_INFO_INIT                                                 \
  { sizeof(eclip_device_info), NULL, NULL, NULL, NULL, 0, 0, 0, 0 }

/* Opens one GPU. The driver library stays loaded until the process ends, also
 * after close: vendor libraries leave threads behind. */
ECLIP_API eclip_status eclip_device_open(const eclip_device_options *options,
                                         eclip_device **device,
                                         eclip_error *error);

/* ECLIP_ERROR_BUSY while schedules are open. NULL is fine. Buffers that the
 * caller has not freed are gone with the device. */
ECLIP_API eclip_status eclip_device_close(eclip_device *device,
                                          eclip_error *error);

ECLIP_API eclip_status eclip_device_get_info(const eclip_device *device,
                                             eclip_device_info *info,
                                             eclip_error *error);

/* Stops all queues at once. Every request in flight and every later one fails
 * with ECLIP_ERROR_DEVICE_LOST; after that schedules and device can be closed.
 * The way out when a request does not end. */
ECLIP_API eclip_status eclip_device_stop(eclip_device *device,
                                         eclip_error *error);

/* Memory that the device reads and writes, aligned to 256 bytes at least; what
 * eclip_request_bind_* take. `bytes` > 0. The pointer is a device address: copy
 * with write and read, which block. */
ECLIP_API eclip_status eclip_buffer_allocate(eclip_device *device, size_t bytes,
                                             void **buffer, eclip_error *error);
ECLIP_API eclip_status eclip_buffer_free(eclip_device *device, void *buffer,
                                         eclip_error *error);
ECLIP_API eclip_status eclip_buffer_write(eclip_device *device, void *buffer,
                                          const void *data, size_t bytes,
                                          eclip_error *error);
ECLIP_API eclip_status eclip_buffer_read(eclip_device *device, void *data,
                                         const void *buffer, size_t bytes,
                                         eclip_error *error);

/* ---- schedule ------------------------------------------------------------ */

typedef struct eclip_schedule eclip_schedule;

typedef struct eclip_schedule_options {
  size_t struct_bytes;
  /* Requests that can be in flight at once, each with its own arena, inputs,
   * outputs and signals; 1 to ECLIP_MAX_SLOTS, 0 for 2. */
  uint32_t slots;
  /* Nonzero: no per-queue times; the packets then carry fewer signals. */
  uint32_t no_queue_times;
  /* How long submit may wait for room in the queues' rings before it declares
   * the device lost; 0 for ten minutes. */
  uint64_t submit_timeout_ns;
  /* Nonzero: share no queue with other schedules, whatever its mask. The
   * schedule's own plans share theirs. Since 0.2. */
  uint32_t private_queues;
  uint32_t reserved; /* 0 */
} eclip_schedule_options;

#define ECLIP_SCHEDULE_OPTIONS_INIT                                            \
  { sizeof(eclip_schedule_options), 0, 0, 0, 0, 0 }

#define ECLIP_MAX_SLOTS 64u

/* Loads, verifies and prepares a schedule: constants are copied to the device
 * once, queues are created with their masks (or shared with schedules that use
 * the same masks), packets are built for every plan and slot. The schedule's
 * masks start from the end of the device that fewer schedules hold, the near one
 * first; those of a mix's plan stay where the compiler put them.
 * ECLIP_ERROR_RESOURCES if the device runs no more masked queues. `options` may
 * be NULL. The file may be removed afterwards, but must not be cut while it loads: replace
 * files by renaming. */
ECLIP_API eclip_status
eclip_schedule_load_file(eclip_device *device, const char *path,
                         const eclip_schedule_options *options,
                         eclip_schedule **schedule, eclip_error *error);

/* The same from memory, any alignment; not needed after the call. */
ECLIP_API eclip_status
eclip_schedule_load_memory(eclip_device *device, const void *data, size_t bytes,
                           const eclip_schedule_options *options,
                           eclip_schedule **schedule, eclip_error *error);

/* Every check of loading that needs no device: header, checksum, structure and
 * meaning (F1 to F41 in docs/schedule-format.md). */
ECLIP_API eclip_status eclip_schedule_verify(const void *data, size_t bytes,
                                             const eclip_allocator *allocator,
                                             eclip_error *error);

/* ECLIP_ERROR_BUSY while requests are held. NULL is fine. */
ECLIP_API eclip_status eclip_schedule_close(eclip_schedule *schedule,
                                            eclip_error *error);

typedef struct eclip_schedule_info {
  size_t struct_bytes;
  /* Strings live as long as the schedule. */
  const char *model_name;  /* "" where the file has none */
  const char *device_name; /* what it was compiled for */
  const char *target;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t queue_count; /* of plan 0, as are the other counts of a request */
  uint32_t group_count;
  uint32_t kernel_count;
  uint32_t dispatch_count; /* per request */
  uint32_t barrier_count;  /* per request, as the compiler wrote them */
  uint32_t slots;
  uint64_t arena_bytes; /* per slot: the largest of all plans */
  uint64_t constants_bytes;
  uint64_t predicted_energy_nj; /* of plan 0, sum over groups */
  /* Since 0.2. */
  const char *precision; /* "f32", "f16" or "tf32" */
  const char *mix_name;  /* NULL unless it was compiled for a mix */
  uint32_t mix_worker;   /* this one's place among mix_workers */
  uint32_t mix_workers;
  uint32_t plan_count;
  uint32_t active_plan;     /* that the next submit runs */
  uint32_t max_queue_count; /* of the plan with most */
  uint32_t far_end;         /* nonzero: masks start from the device's far end */
} eclip_schedule_info;

#define ECLIP_SCHEDULE_INFO_INIT                                               \
  { sizeof(eclip_schedule_info), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
    0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0 }

ECLIP_API eclip_status eclip_schedule_get_info(const eclip_schedule *schedule,
                                               eclip_schedule_info *info,
                                               eclip_error *error);

/* Values are those of the schedule file and never change. */
typedef enum eclip_element_type {
  ECLIP_F32 = 0,
  ECLIP_F16 = 1,
  ECLIP_F64 = 2,
  ECLIP_I8 = 3,
  ECLIP_U8 = 4,
  ECLIP_I16 = 5,
  ECLIP_U16 = 6,
  ECLIP_I32 = 7,
  ECLIP_U32 = 8,
  ECLIP_I64 = 9,
  ECLIP_U64 = 10,
  ECLIP_BOOL = 11 /* one byte, 0 or 1 */
} eclip_element_type;

/* Bytes of one element, 0 for no such type; "f32", "bool" and so on, "unknown". */
ECLIP_API size_t eclip_element_bytes(eclip_element_type type);
ECLIP_API const char *eclip_element_name(eclip_element_type type);

typedef struct eclip_tensor_info {
  size_t struct_bytes;
  const char *name; /* lives as long as the schedule, as do the dims */
  eclip_element_type type;
  uint32_t rank; /* 0 to 16; 0 is a scalar */
  const uint64_t *dims;
  uint64_t bytes; /* dense, row-major, little endian */
} eclip_tensor_info;

#define ECLIP_TENSOR_INFO_INIT                                                 \
  { sizeof(eclip_tensor_info), NULL, ECLIP_F32, 0, NULL, 0 }

ECLIP_API eclip_status eclip_schedule_get_input(const eclip_schedule *schedule,
                                                uint32_t index,
                                                eclip_tensor_info *info,
                                                eclip_error *error);
ECLIP_API eclip_status eclip_schedule_get_output(const eclip_schedule *schedule,
                                                 uint32_t index,
                                                 eclip_tensor_info *info,
                                                 eclip_error *error);

typedef struct eclip_queue_info {
  size_t struct_bytes;
  const char *name;
  const uint32_t *mask; /* in use; device bit order, 32 CUs a word */
  uint32_t mask_words;
  /* That the queue runs on: bits in the mask; on NVIDIA GPUs with what comes
   * along of a group that the driver hands out whole. */
  uint32_t cu_count;
  uint32_t packet_count; /* per request, as the compiler wrote them */
  /* Nonzero: HSA_CU_MASK took CUs of the mask away; the queue runs on fewer. */
  uint32_t mask_reduced;
  /* Nonzero: another schedule held a queue with this mask, and it is shared. */
  uint32_t shared;
  uint32_t priority; /* 0 (normal) to 2: whose workgroups start first */
  uint32_t reserved; /* 0 */
} eclip_queue_info;

#define ECLIP_QUEUE_INFO_INIT                                                  \
  { sizeof(eclip_queue_info), NULL, NULL, 0, 0, 0, 0, 0, 0, 0 }

/* A queue of plan 0. */
ECLIP_API eclip_status eclip_schedule_get_queue(const eclip_schedule *schedule,
                                                uint32_t index,
                                                eclip_queue_info *info,
                                                eclip_error *error);

/* ---- plans --------------------------------------------------------------- */

/* A schedule holds a plan for each number of neighbours that it was compiled
 * for, and a plan for its mix. All compute the same. Which one submit runs is
 * decided whenever a schedule is loaded on the device or closed: the mix's plan
 * if the mix's workers are loaded, each once, and nothing else; otherwise the
 * plan with the most neighbours that are not more than the other schedules on
 * the device. Requests that are already submitted stay what they are. */

typedef struct eclip_plan_info {
  size_t struct_bytes;
  const char *name;    /* lives as long as the schedule: "alone", "mix" ... */
  uint32_t neighbours; /* other schedules that it was compiled for */
  uint32_t for_mix;    /* nonzero: for exactly the workers of the mix */
  uint32_t queue_count;
  uint32_t group_count;
  uint32_t dispatch_count;    /* per request */
  uint32_t barrier_count;     /* per request, as the compiler wrote them */
  uint32_t submitted_packets; /* per request, with those that the runtime adds */
  uint32_t reserved;          /* 0 */
  uint64_t arena_bytes;
  uint64_t predicted_time_ns; /* one request beside those neighbours */
  uint64_t predicted_energy_nj;
} eclip_plan_info;

#define ECLIP_PLAN_INFO_INIT                                                   \
  { sizeof(eclip_plan_info), NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* `index` below eclip_schedule_info.plan_count. Since 0.2, as all of this
 * section. */
ECLIP_API eclip_status eclip_schedule_get_plan(const eclip_schedule *schedule,
                                               uint32_t index,
                                               eclip_plan_info *info,
                                               eclip_error *error);
ECLIP_API eclip_status eclip_schedule_get_plan_queue(
    const eclip_schedule *schedule, uint32_t plan, uint32_t index,
    eclip_queue_info *info, eclip_error *error);

/* The plan that fits what is loaded. */
#define ECLIP_PLAN_AUTO UINT32_MAX

/* Makes every submit from now on run this plan, whatever is loaded, or lets the
 * library choose again. */
ECLIP_API eclip_status eclip_schedule_set_plan(eclip_schedule *schedule,
                                               uint32_t index,
                                               eclip_error *error);

/* ---- request ------------------------------------------------------------- */

/* One slot of a schedule. Its life: acquire, then any number of times write or
 * bind the inputs, submit, wait, read the outputs, and finally release. */
typedef struct eclip_request eclip_request;

/* Takes a free slot without waiting, ECLIP_ERROR_BUSY if there is none. */
ECLIP_API eclip_status eclip_request_acquire(eclip_schedule *schedule,
                                             eclip_request **request,
                                             eclip_error *error);

/* Copies an input to the slot. `bytes` must be the tensor's. Not while the
 * request runs. It stays for later submits of this request, and undoes a bind
 * of the same input. */
ECLIP_API eclip_status eclip_request_write_input(eclip_request *request,
                                                 uint32_t index,
                                                 const void *data, size_t bytes,
                                                 eclip_error *error);

/* Lets the kernels use the caller's buffer (eclip_buffer_allocate, or an
 * address inside one) instead of the slot's: no copy. `bytes` must be the
 * tensor's, the address a multiple of 256. The buffer must live, and an input's
 * not change, until wait has succeeded; an output's is undefined until then.
 * NULL with 0 bytes goes back to the slot's own buffer. */
ECLIP_API eclip_status eclip_request_bind_input(eclip_request *request,
                                                uint32_t index, void *buffer,
                                                size_t bytes,
                                                eclip_error *error);
ECLIP_API eclip_status eclip_request_bind_output(eclip_request *request,
                                                 uint32_t index, void *buffer,
                                                 size_t bytes,
                                                 eclip_error *error);

/* Copies the active plan's prepared packets into the queues and rings each
 * doorbell. Every input must be written or bound. Requests that share queues run
 * in the order of their submits. Returns before the work is done. */
ECLIP_API eclip_status eclip_request_submit(eclip_request *request,
                                            eclip_error *error);

#define ECLIP_WAIT_FOREVER UINT64_MAX

/* Waits until all packets are done and their writes are visible to the host.
 * ECLIP_ERROR_TIMEOUT leaves the request running: wait again. Never hangs on a
 * stopped queue: ECLIP_ERROR_DEVICE_LOST with the queue's error. A timeout of 0
 * asks without waiting. */
ECLIP_API eclip_status eclip_request_wait(eclip_request *request,
                                          uint64_t timeout_ns,
                                          eclip_error *error);

/* Copies an output to the caller, after a successful wait. `bytes` must be the
 * tensor's. Reads from a bound buffer too. */
ECLIP_API eclip_status eclip_request_read_output(eclip_request *request,
                                                 uint32_t index, void *data,
                                                 size_t bytes,
                                                 eclip_error *error);

typedef struct eclip_queue_times {
  /* Of the device's clock ("cuda": from the request's start), from the start of
   * the queue's first dispatch to the end of its last; both 0 where the driver
   * does not tell. */
  uint64_t start_ns;
  uint64_t end_ns;
} eclip_queue_times;

typedef struct eclip_request_stats {
  size_t struct_bytes;
  uint64_t host_ns;   /* submit's begin to the wait that saw the end, host clock */
  uint64_t submit_ns; /* inside submit */
  uint64_t device_ns; /* first start to last end over all queues, 0 if unknown */
  /* Set by the caller: an array for the queues of the plan that ran, in file
   * order, and its length; may be NULL and 0. At most that many are written. */
  eclip_queue_times *queues;
  uint32_t queue_capacity;
  uint32_t submitted_packets; /* with those that the runtime adds */
  uint32_t plan;              /* that ran; since 0.2 */
  uint32_t reserved;          /* 0 */
} eclip_request_stats;

#define ECLIP_REQUEST_STATS_INIT                                               \
  { sizeof(eclip_request_stats), 0, 0, 0, NULL, 0, 0, 0, 0 }

/* After a successful wait: about the last submit. */
ECLIP_API eclip_status eclip_request_get_stats(const eclip_request *request,
                                               eclip_request_stats *stats,
                                               eclip_error *error);

/* Gives the slot back; ECLIP_ERROR_BUSY while the request runs (wait first, or
 * stop the device). Bindings and inputs are forgotten. NULL is fine. */
ECLIP_API eclip_status eclip_request_release(eclip_request *request,
                                             eclip_error *error);

#ifdef __cplusplus
}
#endif

#endif /* ECLIP_ECLIP_H */
