"""Words of their own, which must never be read as a slip of another: a towel is no trowel, a river no rivet.

Likeness alone can't tell a slip from another thing, so the things that shops like ours are asked for stand here, sold
or not. A word that is missing is a risk only where a product's name differs from it by one letter; one that stands
here in vain costs a question. Stems, as engine.matching.flat makes them, come by themselves.
"""

from __future__ import annotations

from typing import Final

from engine.matching.flat import stem

_WORDS = """
    adhesive aggregate alum anchor angle arch asphalt axe backer baluster bamboo band bar barrel barrier base basin
    batten battery beading beam bearing bed bedding bell belt bench bend bending bit bitumen blade blind block
    blocker blot blower board boiler bolster bolt bond border brace bracket brad braid brass brick bridge bristle
    broom brush bucket buckle buffer bulb bull bunk burner bush butler cabin cabinet cable camera can canopy canvas
    cap carpet cart carton cast caster catch caulk ceiling cement ceramic certain chain chair chalk channel charcoal
    charger chest chimney china chip chisel chrome chuck chute cinder cistern clamp clasp clay cleaner cleat clip
    clock coal coat coating cob cock coil collar column comb compass compost compressor concrete conduit cone
    connector cooker cooler copper cord core cork corner cot cotton counter coupler coupling cover crane crate
    curtain cushion cutter dam damper deck decking detector die diesel digger dish disk distemper divider dock door
    doorbell dowel drain drainer drawer drill driver drum dryer duct duster easel edge edger elbow enamel engine
    epoxy extender fabric facade fan fascia faucet felt fence fencing fender ferrule fiber fibre file filler film
    filter fitting fixture flange flap flashing flask flat floor flooring flue flush flux foam foil folder footing
    fork form frame freezer fuse gable gasket gate gauge gear generator geyser girder glass glaze glazing glove glue
    goggles gold grate grater grave gravel grease grid grill grille grinder grinding grip grit grommet groove ground
    grout grovel gutter gypsum hammer hamper handle handler hanger hasp hatch hatchet heater hedge helmet hinge hob
    hoe hoist holder hole hook hose house housing iron jack jar jelly joint joist kerosene kettle key kiln knob
    lacquer ladder laminate lamp lantern lapper latch latex lath lathe laundry lead leaf leather ledge lens level
    lever lid lift light lighter lime limestone liner lintel liquid lock locker loft log lumber magnet maker mallet
    mantel marble marked marker marvel mason masonry mast mat match mattress mesh metal meter mica mill mirror mitre
    mixer molding mop mortar mosaic motor mould moulding mount mounting mouse mulch nail needle net nickel nipple
    nozzle nut oven overall pad paddle padlock pail paint painter palette pallet pan pane panel pant paper parquet
    paste patch path patio paver paving pebble pedal pedestal peg pegboard pen pencil perlite petrol picket pier
    pigment pile pillar pillow pin pine pint pipe piping piston pit pitch plain plan plane planer plank planner
    plant planter plaque plaster plastic plate plater platform platter plier plinth plough plug plugin plum plumber
    plumbing plunger plywood pocket point pole polish polisher polymer pool porcelain porch post pot potter pottery
    powder precast press pressure prime primer printer printing prop propane pruner pulley pump punch purlin putter
    putty quarry quartz rack radiator rafter rag rail railing raker ramp ratchet razor reader rebar receiver
    rectifier reducer reel refill regulator relay remover render resin ribbon ridge ring river rivet riveter road
    rock rocket rod roll roller roof roofing rope rose rotor router rubber rubble rug ruler runner rust saddle safe
    sand sandal sander sanding sandstone sash satin saucer saw scaffold scale scanner scarf scoop scope scraper
    screed screen screw seal sealant sealer seat seller shade shaft shale shave shear shed sheet sheeting shelf
    shell shelter shield shingle shove shovel shower shredder shutter siding sieve sifter silica silicon silicone
    sill silver sink siphon skip skirt skirting slab slack slag slat slate sled sleeve slide slider sling slot
    slurry smoke snap soap socket soda sofa soil solar solder solvent spacer spade spanner spark speaker spigot
    spike spindle spirit splice splinter sponge spool spoon spout spray sprayer spreader spring sprinkler spur
    square squeegee stable stack staff stage stain stair stake stall stamp stand staple stapler starter steam steel
    stem step stereo stick sticker stile stirrup stitch stock stone stool stop stopper storage store stove strainer
    strand strap straw strip stripe stripper structure strut stucco stud suction suit sump support surface switch
    swivel table tack tackle tank tap tape tar target tarp tarpaulin teak tee tent terminal terrace thermostat
    thinner thread threshold tie tier tile tiler tiling timber timer tin tint tire title toilet tong tool torch
    towel tower toy track tractor trailer transformer trap tray treadle trellis trench trestle trim trimmer tripod
    trolley trough trowel truck truss tub tube tubing turf turpentine tweezer twine tyre umbrella underlay union
    urinal utensil vacuum valve vane varnish vase vat veneer vent ventilator vice vinyl vise wagon wall wallpaper
    wardrobe washed washer washing waste watch water wax wedge welder welding well wheel wheelbarrow whisk wicker
    widow winch wind window windows wine wing wiper wire wiring wood wool worktop wrap wrapper wrench yard yarn zinc
    zipper

    almond apple apricot avocado bacon bagel bake baker banana barley basil basket batter bean beef beer beet berry
    biscuit bitter black blackberry bottle bowl box bran bread broccoli broth brown brownie bun burger butter
    cabbage cake candle candy caramel cardamom carrot cashew cereal chai chard cheese cherry chicken chickpea chili
    chilli chives chocolate cider cinnamon clam clove cocoa coconut cod coffee cola cookie coriander corn cornflour
    cracker cranberry cream croissant cucumber cumin cup curd curry custard dairy dal date dessert diaper dill donut
    dough dressing drink dumpling egg eggplant fennel fig fish flake flour fries fruit fudge garlic ghee ginger
    grain gram grape gravy guava ham hash herb honey ice icing jaggery jam juice kale ketchup kidney lamb latte
    lemon lemonade lentil lettuce lychee macaroni maize mango maple margarine mayonnaise meal meat melon milk millet
    mint muffin mushroom mustard mutton napkin noodle nutmeg oat oatmeal oil okra olive omelette onion orange
    oregano oyster pancake papaya paprika parsley pasta pastry pea peach peanut pear pepper pickle pie pineapple
    pistachio pizza plantain pomegranate pork porridge potato prawn pretzel pudding pulse pumpkin quinoa radish
    raisin raspberry rice rolls rusk rye saffron salad salami salmon salsa salt sandwich sardine sauce sausage scone
    seafood seed semolina sesame shallot shampoo shrimp snack sorghum soup spaghetti spice spinach sprout squash
    starch steak stew strawberry sugar sundae sunflower syrup taco tamarind tart tea toast toffee tofu tomato tuna
    turkey turmeric vanilla veal vegetable velvet vermicelli vinegar wafer waffle walnut watermelon wheat whey yeast
    yoghurt yogurt

    apron bag bale bangle bead blanket blazer blouse boot bra bracelet button cardigan cloak cloth clothes crayon
    denim diary dress earring eraser frock gown handbag hanky hat highlighter hoodie ink jacket jean jeans jersey
    jewel jumper kurta lace linen lingerie notebook overalls pajama pendant perfume pouch purse quilt robe saree
    sari shawl shirt shoe short shorts silk sleeper slipper sneaker sock stationery stocking suitcase sweater
    sweatshirt thong tights tissue trouser trousers trunk tunic uniform vest wallet wig

    ash baby back bad beauty best better big blank blend blond bold bone bound brand break bright broad broken
    camping care carved case cheap clean clear closed cold combined company contract control cool course cross
    custom damp dark dead deep delicate dense digital direct dirty double draft drawn dry dual dull dust eastern
    electric electrical empty extra fake fancy fast fat fine fire firm first fixed flame flexible foldable foot
    fresh front frosted frozen full garden giant glazed gloss glossy grand gray green grey half hand handmade hard
    heat heavy high hollow holy home honest horse hot huge indoor inner insect kitchen large last later left local
    long loose loud low lower lunch magic manual master matt matte medium middle mild mini mixed modern mud narrow
    natural neat new nice noble noise north office old open order other outdoor outer pale part party past perfect
    picnic pink planned planted plated plush portable power pretty price pure purple quick quiet rare raw ready real
    red regular repair ripe rough round royal rusty safety salty scented sharp shiny side silent simple single slim
    slow small smart smooth soft solid sour south spare special spiced split spotted stained standard steady steep
    sticky stiff straight strong summer super sweet tall thick thin tight tinted tiny tough toxic travel treated
    tropical twin ultra upper used utility violet warm waxed west wet white whole wide wild winter wise wooden worn
    wrong yellow young

    acorn angel ball basketball beach bird boat body book bookshelf boy bus calendar coral cousin cow crab crow
    desert diamond diner dinner doll duck eagle farm father feather football guard guitar heart hen horn hospital
    kite lion lotus medicine monkey moon mosquito motorcycle music nest ocean ostrich owl parrot passport piano
    pigeon pistol planet poster puppet rabbit rat saint scooter shark sheep ship skin snake spider star sun supper
    taper temple tennis tiger tongue tooth toothpaste tree tulip turtle van village weapon whale wolf worm

    account advice agent amount answer bank bill boss branch bring brother buyer call called cash change charge
    check claim class client close collect complain cost credit customer damage dealer delay discount document
    enquiry estimate expert factory friend god guest invoice issue joke late leave loan loss manager market meeting
    mother number offer owner paid parcel pay payment people phone photo picture place please police problem project
    proof purpose question rate reason receipt refund rent reply report return salary sale sample school service
    shop sister size sorry start stay still story street student supply taste tax teacher test there thing think
    ticket time today total town trade trip trouble truth update upload visit voice wage wait walk wash weather
    wedding week weight where which while wife woman wonder word work worker world worry write year
"""
EVERYDAY: Final = frozenset(_WORDS.split()) | frozenset(map(stem, _WORDS.split()))
