// Firmware of the roomctl tapper: two vibration motors or transducers on an ATmega328P at 16 MHz (Arduino Uno, Nano, Pro Mini).
//
// Protocol: docs/protocols/tapper.md. 115,200 baud, 8N1.
// Pins: left motor D9 (PB1, OC1A), right motor D10 (PB2, OC1B), client's button D2 (PD2) to ground, lamp D13 (PB5).
//
// What keeps hands still does not depend on the main loop: the end of a pulse, the silence limit and the button live in timer
// interrupts, and the watchdog resets a processor that hangs; at reset the pins are low.

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <util/crc16.h>

#define BAUD_DIVISOR 16 /* U2X: 16e6 / (8 * 17) = 117,647 baud, 2.1 % fast, within what 8N1 takes */
#define PROTOCOL_VERSION 1
#define FIRMWARE_MAJOR 1
#define FIRMWARE_MINOR 0

#define SILENCE_MS 900 /* no valid frame for so long: still; the promise to the room is 1,000 ms */
#define PULSE_MIN_MS 1
#define PULSE_MAX_MS 1000
#define BYTE_GAP_MS 20 /* a frame that pauses longer is dropped */

#define FROM_HOST 0xA5
#define TO_HOST 0x5A
#define MAX_PAYLOAD 8

enum side { LEFT = 0, RIGHT = 1, NEITHER = 2 };
enum result { OK = 0, UNKNOWN_TYPE = 1, BAD_LENGTH = 2, BAD_SIDE = 3, BAD_MS = 4, HELD = 5 };
enum why { DONE = 0, STOPPED = 1, SILENCE = 2, REPLACED = 3, BUTTON = 4 };

struct ended {
    uint8_t seq, side, why;
    uint16_t ms;
};

static volatile uint8_t active = NEITHER;
static volatile uint8_t active_seq;
static volatile uint16_t pulse_left_ms, pulse_run_ms;
static volatile uint16_t silent_ms;
static volatile uint8_t gap_ms; // since the last received byte
static volatile bool held;        // the client pressed the button; the host lets go with 'C'
static volatile bool button_news; // the host has not been told yet
static volatile struct ended ended_news[4];
static volatile uint8_t ended_head, ended_tail;

// ---- motors ---------------------------------------------------------------------------------------------------------

// Both outputs off: the compare units let go of the pins, whose port bits are low.
static void motors_off(void) {
    TCCR1A &= (uint8_t) ~(_BV(COM1A1) | _BV(COM1B1));
    PORTB &= (uint8_t) ~(_BV(PB1) | _BV(PB2) | _BV(PB5));
}

// Ends the running pulse, if there is one. Interrupts are off here.
static void end_pulse(uint8_t why) {
    motors_off();
    if (active == NEITHER) return;
    uint8_t next = (ended_head + 1) & 3;
    if (next != ended_tail) {
        ended_news[ended_head].seq = active_seq;
        ended_news[ended_head].side = active;
        ended_news[ended_head].why = why;
        ended_news[ended_head].ms = pulse_run_ms;
        ended_head = next;
    }
    active = NEITHER;
    pulse_left_ms = 0;
}

// Begins a pulse in one hand; a pulse that still runs, in either hand, ends first.
static void begin_pulse(uint8_t side, uint8_t strength, uint16_t ms, uint8_t seq) {
    cli();
    end_pulse(REPLACED);
    if (strength > 0) {
        TCNT2 = 0; // the pulse's milliseconds count from here
        TIFR2 = _BV(OCF2A);
        active = side;
        active_seq = seq;
        pulse_left_ms = ms;
        pulse_run_ms = 0;
        if (side == LEFT) {
            OCR1A = strength;
            TCCR1A |= _BV(COM1A1);
        } else {
            OCR1B = strength;
            TCCR1A |= _BV(COM1B1);
        }
        PORTB |= _BV(PB5);
    }
    sei();
}

ISR(TIMER2_COMPA_vect) { // each millisecond of the pulse
    if (active == NEITHER) return;
    pulse_run_ms++;
    if (--pulse_left_ms == 0) end_pulse(DONE);
}

ISR(TIMER0_COMPA_vect) { // each millisecond, always
    if (silent_ms < SILENCE_MS) {
        if (++silent_ms == SILENCE_MS) end_pulse(SILENCE);
    }
    if (gap_ms < BYTE_GAP_MS) gap_ms++;
    if (!held && !(PIND & _BV(PD2))) { // never debounced: the first contact counts
        held = button_news = true;
        end_pulse(BUTTON);
    }
}

// ---- serial line ----------------------------------------------------------------------------------------------------

static volatile uint8_t rx[64], tx[64];
static volatile uint8_t rx_head, rx_tail, tx_head, tx_tail;

ISR(USART_RX_vect) {
    uint8_t status = UCSR0A, byte = UDR0;
    uint8_t next = (rx_head + 1) & 63;
    if (!(status & _BV(FE0)) && next != rx_tail) {
        rx[rx_head] = byte;
        rx_head = next;
    }
}

ISR(USART_UDRE_vect) {
    if (tx_tail == tx_head) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
        return;
    }
    UDR0 = tx[tx_tail];
    tx_tail = (tx_tail + 1) & 63;
}

// Sends a frame, or nothing of it where there is no room: the host counts what it misses.
static void send(uint8_t type, uint8_t seq, const uint8_t *payload, uint8_t length) {
    uint8_t free_bytes = (tx_tail - tx_head - 1) & 63;
    if (free_bytes < length + 5) return;
    uint8_t head = tx_head, crc = 0;
    uint8_t front[3] = {length, type, seq};
    tx[head] = TO_HOST;
    head = (head + 1) & 63;
    for (uint8_t i = 0; i < length + 3; i++) {
        uint8_t byte = i < 3 ? front[i] : payload[i - 3];
        crc = _crc8_ccitt_update(crc, byte);
        tx[head] = byte;
        head = (head + 1) & 63;
    }
    tx[head] = crc;
    tx_head = (head + 1) & 63;
    UCSR0B |= _BV(UDRIE0);
}

// ---- protocol -------------------------------------------------------------------------------------------------------

static uint16_t good_frames, bad_frames;

static void send_hello(uint8_t seq, uint8_t reset_cause) {
    uint8_t payload[] = {PROTOCOL_VERSION, FIRMWARE_MAJOR, FIRMWARE_MINOR, reset_cause,
                         PULSE_MAX_MS & 0xFF, PULSE_MAX_MS >> 8, SILENCE_MS & 0xFF, SILENCE_MS >> 8,
                         'r', 'o', 'o', 'm', 'c', 't', 'l', '-', 't', 'a', 'p', 'p', 'e', 'r'};
    send('H', seq, payload, sizeof payload);
}

static void send_ack(uint8_t seq, uint8_t result) {
    uint8_t payload[] = {result, good_frames & 0xFF, good_frames >> 8, bad_frames & 0xFF, bad_frames >> 8};
    send('A', seq, payload, sizeof payload);
}

static uint8_t obey_pulse(uint8_t seq, const uint8_t *payload, uint8_t length) {
    if (length != 4) return BAD_LENGTH;
    uint16_t ms = payload[2] | (uint16_t)payload[3] << 8;
    if (payload[0] > RIGHT) return BAD_SIDE;
    if (ms < PULSE_MIN_MS || ms > PULSE_MAX_MS) return BAD_MS;
    if (held) return HELD;
    begin_pulse(payload[0], payload[1], ms, seq);
    return OK;
}

static void still(uint8_t why) {
    cli();
    end_pulse(why);
    sei();
}

static void obey(uint8_t type, uint8_t seq, const uint8_t *payload, uint8_t length) {
    uint8_t result = OK;
    good_frames++;
    cli();
    silent_ms = 0;
    sei();
    if (type == 'P') {
        result = obey_pulse(seq, payload, length);
    } else if (length != 0) {
        result = BAD_LENGTH;
    } else if (type == 'S') {
        still(STOPPED);
    } else if (type == 'C') {
        held = false;
    } else if (type == 'I') {
        send_hello(seq, 0);
        return;
    } else if (type != 'K') {
        result = UNKNOWN_TYPE;
    }
    send_ack(seq, result);
}

// Takes one received byte; `frame` collects length, type, seq, payload and checksum.
static void take(uint8_t byte) {
    static uint8_t frame[MAX_PAYLOAD + 4];
    static uint8_t count;
    static bool inside;
    if (gap_ms >= BYTE_GAP_MS) inside = false;
    gap_ms = 0;
    if (!inside) {
        inside = byte == FROM_HOST;
        count = 0;
        return;
    }
    frame[count++] = byte;
    if (frame[0] > MAX_PAYLOAD) {
        bad_frames++;
        inside = false;
        return;
    }
    if (count < frame[0] + 4) return;
    inside = false;
    uint8_t crc = 0;
    for (uint8_t i = 0; i < count - 1; i++) crc = _crc8_ccitt_update(crc, frame[i]);
    if (crc != frame[count - 1]) {
        bad_frames++;
        return;
    }
    obey(frame[1], frame[2], frame + 3, frame[0]);
}

static void tell_news(void) {
    while (ended_tail != ended_head) {
        volatile struct ended *news = &ended_news[ended_tail];
        uint8_t payload[] = {news->side, news->why, news->ms & 0xFF, news->ms >> 8};
        send('E', news->seq, payload, sizeof payload);
        ended_tail = (ended_tail + 1) & 3;
    }
    if (button_news) {
        button_news = false;
        send('B', 0, NULL, 0);
    }
}

// ---- set-up ---------------------------------------------------------------------------------------------------------

static void set_up(void) {
    DDRB |= _BV(PB1) | _BV(PB2) | _BV(PB5);
    motors_off();
    PORTD |= _BV(PD2);                                // pull-up for the button
    TCCR1A = _BV(WGM10);                              // phase-correct 8 bit: 31.4 kHz, above hearing
    TCCR1B = _BV(CS10);
    TCCR0A = _BV(WGM01), OCR0A = 249;                 // 16 MHz / 64 / 250 = 1 kHz
    TCCR0B = _BV(CS01) | _BV(CS00);
    TIMSK0 = _BV(OCIE0A);
    TCCR2A = _BV(WGM21), OCR2A = 249;
    TCCR2B = _BV(CS22);                               // Timer 2 has another row of prescalers: this is 64 too
    TIMSK2 = _BV(OCIE2A);
    UBRR0 = BAUD_DIVISOR;
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

int main(void) {
    uint8_t reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
    set_up();
    silent_ms = SILENCE_MS;
    wdt_enable(WDTO_250MS);
    sei();
    send_hello(0, reset_cause);
    set_sleep_mode(SLEEP_MODE_IDLE);
    for (;;) {
        wdt_reset();
        tell_news();
        while (rx_tail != rx_head) {
            take(rx[rx_tail]);
            rx_tail = (rx_tail + 1) & 63;
        }
        cli();
        if (rx_tail == rx_head) { // nothing came meanwhile: sleep until the next interrupt, a millisecond at most
            sleep_enable();
            sei();
            sleep_cpu();
            sleep_disable();
        }
        sei();
    }
}
