"""A phone on PJSIP's pjsua2, led by lines of JSON: commands on standard input, what happened on standard output.

It says a tone in every call, and writes what it hears of each call into a WAV file.
"""

import json
import os
import select
import sys

import pjsua2 as pj

TRANSPORTS = {
    "udp": pj.PJSIP_TRANSPORT_UDP,
    "tcp": pj.PJSIP_TRANSPORT_TCP,
    "tls": pj.PJSIP_TRANSPORT_TLS,
}


def tell(event, **what):
    print(json.dumps({"event": event, **what}), flush=True)


class Call(pj.Call):
    def __init__(self, phone, call_id=pj.PJSUA_INVALID_ID):
        super().__init__(phone.account, call_id)
        self.phone = phone
        self.recorder = None

    def onCallState(self, _):
        info = self.getInfo()
        incoming = info.role == pj.PJSIP_ROLE_UAS
        tell("call", id=info.id, incoming=incoming, state=info.stateText, said=f"{info.lastStatusCode} {info.lastReason}", peer=info.remoteUri)
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.phone.calls.pop(info.id, None)

    def onCallMediaState(self, _):
        info = self.getInfo()
        for index, media in enumerate(info.media):
            is_running = media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
            if media.type == pj.PJMEDIA_TYPE_AUDIO and is_running:
                audio = self.getAudioMedia(index)
                self.phone.player.startTransmit(audio)
                audio.startTransmit(self.recording(info.id))
        tell("media", id=info.id, status=info.media[0].status if info.media else 0)

    def recording(self, call_id):
        if self.recorder is None:
            self.phone.heard += 1
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(os.path.join(self.phone.folder, f"heard-{self.phone.heard:03}.wav"))
        return self.recorder

    def onCallTransferStatus(self, status):
        tell("transfer", said=f"{status.statusCode} {status.reason}")


class Account(pj.Account):
    def __init__(self, phone):
        super().__init__()
        self.phone = phone

    def onRegState(self, state):
        tell("registration", said=f"{state.code} {state.reason}", seconds=state.expiration)

    def onIncomingCall(self, incoming):
        call = Call(self.phone, incoming.callId)
        self.phone.calls[incoming.callId] = call
        info = call.getInfo()
        tell("call", id=info.id, incoming=True, state="INCOMING", said="", peer=info.remoteUri)
        tell("invite", message=incoming.rdata.wholeMsg)
        self.phone.answer(info.id, 180)

    def onMwiInfo(self, info):
        tell("lamp", body=info.rdata.wholeMsg.partition("\r\n\r\n")[2])


class Phone:
    def __init__(self, options):
        self.folder = options["folder"]
        self.calls = {}
        self.heard = 0
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = 4
        config.logConfig.consoleLevel = 0
        config.logConfig.filename = os.path.join(self.folder, "log")
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 4
        config.medConfig.clockRate = 8000
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self.endpoint.libInit(config)
        transport = pj.TransportConfig()
        listen = options["listen"]
        self.address = listen["address"] if listen else "127.0.0.1"
        transport.boundAddress = self.address
        transport.publicAddress = self.address
        if options["transport"] == "tls":
            transport.tlsConfig.CaListFile = options["trust"]
            transport.tlsConfig.verifyServer = True
        if listen:
            transport.port = listen["port"]
            transport.tlsConfig.certFile = listen["certificate"]
            transport.tlsConfig.privKeyFile = listen["key"]
        self.endpoint.transportCreate(TRANSPORTS[options["transport"]], transport)
        self.endpoint.libStart()
        self.endpoint.audDevManager().setNullDev()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, 0)
        for name in options["codecs"]:
            self.endpoint.codecSetPriority(name, 200)
        # Not a player of a file: at the file's end that calls Python from another thread, and both wait for each other.
        self.player = pj.ToneGenerator()
        self.player.createToneGenerator(8000, 1)
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2, tone.on_msec, tone.off_msec = options["tone"], 0, 30_000, 0
        tone.volume = 8192
        self.player.play(pj.ToneDescVector([tone]), True)
        self.account = Account(self)
        self.account.create(self.describe(options))

    def describe(self, options):
        config = pj.AccountConfig()
        user, domain = options["username"], options["domain"]
        route = f"<sip:{options.get('server')};transport={options['transport']};lr>"
        config.idUri = f"<sip:{user}@{domain}>"
        if not options["listen"]:
            config.regConfig.registrarUri = f"sip:{domain}"
            config.regConfig.timeoutSec = 300
            config.sipConfig.proxies.append(route)
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, options["password"]))
        config.mwiConfig.enabled = options["lamp"]
        config.mediaConfig.transportConfig.boundAddress = self.address
        config.mediaConfig.transportConfig.publicAddress = self.address
        config.mediaConfig.transportConfig.port = options["rtp"]
        config.mediaConfig.transportConfig.portRange = 10
        if options["srtp"]:
            config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
            config.mediaConfig.srtpSecureSignaling = 1
        return config

    def run(self):
        tell("ready")
        waiting = b""
        while True:
            self.endpoint.libHandleEvents(10)
            while select.select([0], [], [], 0)[0]:
                read = os.read(0, 4096)
                if not read:
                    return
                waiting += read
                while b"\n" in waiting:
                    line, waiting = waiting.split(b"\n", 1)
                    command = json.loads(line)
                    if command["do"] == "quit":
                        return
                    try:
                        getattr(self, command.pop("do"))(**command)
                    except pj.Error as error:
                        tell("error", said=error.info())

    def call(self, uri):
        call = Call(self)
        call.makeCall(uri, pj.CallOpParam(True))
        self.calls[call.getId()] = call

    def answer(self, id, status):
        answer = pj.CallOpParam()
        answer.statusCode = status
        self.calls[id].answer(answer)

    def hang_up(self, id):
        if id in self.calls:
            self.calls[id].hangup(pj.CallOpParam())

    def hold(self, id):
        self.calls[id].setHold(pj.CallOpParam())

    def resume(self, id):
        again = pj.CallOpParam(True)
        again.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.calls[id].reinvite(again)

    def transfer(self, id, uri):
        self.calls[id].xfer(uri, pj.CallOpParam())

    def connect(self, id, other):
        self.calls[id].xferReplaces(self.calls[other], pj.CallOpParam())

    def digits(self, id, digits):
        self.calls[id].dialDtmf(digits)


def main():
    phone = Phone(json.loads(sys.argv[1]))
    phone.run()
    phone.calls.clear()
    os._exit(0)  # an orderly end waits seconds for answers from a server that may be gone


main()
