"""Words of medication lists: US brand names, names of several words, and words that say how a medicine is taken."""

from __future__ import annotations

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "st john's wort": "st-johns-wort",
    "st johns wort": "st-johns-wort",
    "saint john's wort": "st-johns-wort",
    "methylene blue": "methylene-blue",
    "armour thyroid": "thyroid",
    "sodium oxybate": "oxybate",
}

_BRANDS = """
alprazolam: xanax | clonazepam: klonopin | lorazepam: ativan | diazepam: valium | temazepam: restoril
chlordiazepoxide: librium | clobazam: onfi | triazolam: halcion
zolpidem: ambien | eszopiclone: lunesta | zaleplon: sonata | oxybate: xyrem xywav lumryz
amphetamine: adderall evekeo mydayis | lisdexamfetamine: vyvanse | dextroamphetamine: dexedrine
methylphenidate: ritalin concerta | dexmethylphenidate: focalin | modafinil: provigil | armodafinil: nuvigil
phentermine: adipex | pseudoephedrine: sudafed | oxymetazoline: afrin
tranylcypromine: parnate | phenelzine: nardil | selegiline: emsam | isocarboxazid: marplan | rasagiline: azilect
sertraline: zoloft | fluoxetine: prozac sarafem | escitalopram: lexapro | citalopram: celexa | paroxetine: paxil
fluvoxamine: luvox | venlafaxine: effexor | desvenlafaxine: pristiq | duloxetine: cymbalta | milnacipran: savella
lithium: lithobid | lamotrigine: lamictal | carbamazepine: tegretol equetro | oxcarbazepine: trileptal
phenytoin: dilantin | naltrexone: vivitrol revia | buprenorphine naloxone: suboxone zubsolv | buprenorphine: sublocade
hydrocodone: norco vicodin | oxycodone: percocet oxycontin roxicodone | tramadol: ultram | tapentadol: nucynta
hydromorphone: dilaudid | fentanyl: duragesic | morphine: mscontin kadian
diphenhydramine: benadryl | hydroxyzine: vistaril atarax | doxylamine: unisom | promethazine: phenergan
cyclobenzaprine: flexeril | carisoprodol: soma | methocarbamol: robaxin | tizanidine: zanaflex | metaxalone: skelaxin
gabapentin: neurontin gralise horizant | pregabalin: lyrica | butalbital: fioricet fiorinal
levothyroxine: synthroid levoxyl unithroid tirosint | liothyronine: cytomel
clozapine: clozaril | haloperidol: haldol | risperidone: risperdal | paliperidone: invega | olanzapine: zyprexa
quetiapine: seroquel | aripiprazole: abilify | brexpiprazole: rexulti | cariprazine: vraylar | lurasidone: latuda
lumateperone: caplyta | ziprasidone: geodon | asenapine: saphris
amlodipine: norvasc | lisinopril: zestril prinivil | metoprolol: toprol lopressor | propranolol: inderal
atenolol: tenormin | carvedilol: coreg | losartan: cozaar | valsartan: diovan | olmesartan: benicar
clonidine: catapres kapvay | prazosin: minipress | guanfacine: intuniv tenex | verapamil: calan | diltiazem: cardizem
spironolactone: aldactone | furosemide: lasix | clopidogrel: plavix | clarithromycin: biaxin | fluconazole: diflucan
fluticasone: flonase | mometasone: nasonex | budesonide: rhinocort | triamcinolone: nasacort
olanzapine samidorphan: lybalvi
"""


def _brands() -> dict[str, str]:
    found = {}
    for entry in _BRANDS.replace("\n", "|").split("|"):
        ingredients, _, brands = entry.partition(":")
        found.update(dict.fromkeys(brands.split(), ingredients.strip()))
    return found


BRANDS: Mapping[str, str] = _brands()

_WORDS_OF_USE = """
mg mcg ug g gram grams ml iu unit units meq percent tablet tablets tab tabs capsule capsules cap caps pill
pills patch patches spray sprays drop drops puff puffs inhaler injection injections injectable film films
lozenge solution suspension liquid cream gel nasal oral orally sublingual transdermal topical juice er xr xl
sr cr la ir dr odt ec cd hcl hydrochloride hydrobromide hbr sodium potassium besylate maleate tartrate
succinate fumarate carbonate citrate acetate sulfate mesylate phosphate bromide pamoate decanoate salt salts
mixed extended release immediate sustained delayed generic brand daily nightly weekly monthly morning
mornings evening evenings night nights bedtime noon midday afternoon am pm qd bid tid qid qhs qam qpm qod
prn hs po as needed once twice three four one two half times time a an x per day days week weeks month
months hour hours hr hrs h at in on the every each other with without food water before after and or plus of
for by mouth to up take takes taking took since only when dose doses low high s sleep anxiety depression
pain mood adhd ptsd allergy allergies hypertension blood pressure migraine
"""
WORDS_OF_USE: frozenset[str] = frozenset(_WORDS_OF_USE.split())
