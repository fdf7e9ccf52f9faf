// Runs the tapper's firmware on a simulated ATmega328P and watches its motor pins.
//
//   simavr_tapper FIRMWARE.elf script END_MS < LINES    simulated time only; each line: "MS HEXBYTES" or "MS button 0|1"
//   simavr_tapper FIRMWARE.elf pty                      prints {"pty": PATH}, then follows the wall clock until stdin closes
//
// Prints JSON lines in simulated microseconds: {"us", "side", "on", "duty"} for a motor, {"us", "tx"} for a byte sent. A motor counts
// as on while its pin is an output that is high, or that its compare unit drives at more than nothing. Opening the pty resets the
// processor, as an Arduino's DTR line does.

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

enum { DDRB = 0x24, PORTB = 0x25, TCCR1A = 0x80, OCR1AL = 0x88, OCR1BL = 0x8A };
#define CYCLES_PER_US 16
#define BYTE_CYCLES (10 * 16000000 / 115200)

static avr_t *avr;
static int pty_master = -1;
static uint8_t queue[1 << 16];
static unsigned queue_head, queue_tail;
static avr_cycle_count_t next_byte_at;

static unsigned long long now_us(void) { return avr->cycle / CYCLES_PER_US; }

static void on_tx(struct avr_irq_t *irq, uint32_t value, void *param) {
    (void)irq, (void)param;
    uint8_t byte = (uint8_t)value;
    printf("{\"us\": %llu, \"tx\": %u}\n", now_us(), byte);
    if (pty_master >= 0 && write(pty_master, &byte, 1) != 1) fprintf(stderr, "nobody reads the pty\n");
}

static void watch_motor(const char *side, uint8_t pin, uint8_t com, uint8_t ocr, int *was) {
    int duty = 0;
    if (avr->data[DDRB] & (1 << pin)) {
        if (avr->data[TCCR1A] & (3 << com)) duty = avr->data[ocr];
        else if (avr->data[PORTB] & (1 << pin)) duty = 255;
    }
    if (duty == *was) return;
    *was = duty;
    printf("{\"us\": %llu, \"side\": \"%s\", \"on\": %s, \"duty\": %d}\n", now_us(), side, duty ? "true" : "false", duty);
}

static void step(void) {
    static int left, right;
    if (queue_tail != queue_head && avr->cycle >= next_byte_at) {
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), queue[queue_tail]);
        queue_tail = (queue_tail + 1) % sizeof queue;
        next_byte_at = avr->cycle + BYTE_CYCLES;
    }
    int state = avr_run(avr);
    if (state == cpu_Done || state == cpu_Crashed) {
        printf("{\"crashed\": true}\n");
        exit(3);
    }
    watch_motor("left", 1, 6, OCR1AL, &left);
    watch_motor("right", 2, 4, OCR1BL, &right);
}

static void press(int down) { avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), 2), !down); }

static void queue_bytes(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        queue[queue_head] = bytes[i];
        queue_head = (queue_head + 1) % sizeof queue;
    }
}

static void run_until_ms(double ms) {
    while (avr->cycle < (avr_cycle_count_t)(ms * 1000 * CYCLES_PER_US)) step();
}

static void no_sleep(avr_t *it, avr_cycle_count_t how_long) { (void)it, (void)how_long; }

static int run_script(double end_ms) {
    static char line[1 << 16];
    avr->sleep = no_sleep;
    while (fgets(line, sizeof line, stdin)) {
        int used = 0, down;
        double ms;
        unsigned byte;
        if (sscanf(line, "%lf%n", &ms, &used) != 1) return 2;
        run_until_ms(ms);
        char *at = line + used;
        if (sscanf(at, " button %d", &down) == 1) {
            press(down);
            continue;
        }
        while (sscanf(at, " %2x%n", &byte, &used) == 1) {
            queue_bytes((uint8_t[]){(uint8_t)byte}, 1);
            at += used;
        }
    }
    run_until_ms(end_ms);
    return 0;
}

static double wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int run_pty(void) {
    char path[64];
    int slave;
    struct termios raw;
    if (openpty(&pty_master, &slave, path, NULL, NULL) != 0) return 2;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    fcntl(pty_master, F_SETFL, O_NONBLOCK);
    avr->sleep = no_sleep;
    printf("{\"pty\": \"%s\"}\n", path);
    bool was_open = false;
    double zero_ms = wall_ms();
    for (;;) {
        struct pollfd ends[2] = {{pty_master, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        poll(ends, 2, 1);
        if (ends[1].revents) return 0;
        bool is_open = !(ends[0].revents & POLLHUP);
        if (is_open && !was_open) {
            avr_reset(avr);
            avr->cycle = 0;
            queue_head = queue_tail = 0;
            next_byte_at = 0;
            zero_ms = wall_ms();
            press(1); // a reset forgets the pin; only a change is taken
            press(0);
        }
        was_open = is_open;
        uint8_t bytes[256];
        ssize_t count = is_open ? read(pty_master, bytes, sizeof bytes) : 0;
        if (count > 0) queue_bytes(bytes, (size_t)count);
        if (is_open) run_until_ms(wall_ms() - zero_ms);
        else poll(NULL, 0, 5);
    }
}

int main(int argc, char **argv) {
    elf_firmware_t firmware = {0};
    if (argc < 3 || elf_read_firmware(argv[1], &firmware) != 0) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    avr = avr_make_mcu_by_name("atmega328p");
    avr_init(avr);
    firmware.frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_tx, NULL);
    press(0);
    return strcmp(argv[2], "pty") == 0 ? run_pty() : run_script(argc > 3 ? atof(argv[3]) : 1000);
}
